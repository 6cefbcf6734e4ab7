"""What the server that forks workers imports first: without looking for garbage in what stays.

`evo.compute.worker.prepare` turns the collector on again in each worker.
"""

import gc

gc.disable()
