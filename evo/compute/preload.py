"""First imports of the server that forks workers: without looking for garbage in what stays.

`evo.compute.worker.prepare` turns the collector on again in each worker.
"""

import gc

gc.disable()
