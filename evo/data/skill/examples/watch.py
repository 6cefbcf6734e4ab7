"""Wait for the end of a campaign, with a line per generation: python watch.py RUN [SECONDS]."""

import json
import subprocess
import sys
import time


def main(run: str, every_s: float) -> int:
    """Watch until the campaign is no longer running; its exit code is 0 where it finished."""
    shown = None
    while True:
        done = subprocess.run(
            ["evo", "status", run, "--json"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.stderr.write(done.stderr)
            return done.returncode
        status = json.loads(done.stdout)
        if status["generation"] != shown:
            shown = status["generation"]
            best = status["best"]
            words = f"best {best['id']}, B-WR {best['b_wr']:.3f}" if best else "no candidate yet"
            print(f"generation {max(0, shown)} of {status['generations']}: {words}", flush=True)
        if status["state"] != "running":
            print(status["stopped_because"] or status["state"])
            return 0 if status["state"] == "finished" else 1
        time.sleep(every_s)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float((sys.argv[2:] or [30])[0])))
