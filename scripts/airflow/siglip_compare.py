"""Compares the SigLIP loss with CLIP's every night on the pairs of the day. For Airflow 3 with its Spark provider and, for s3a, Amazon's.

There are three tasks: check settings and data, train and evaluate, and fail the run if a figure in metrics.json is too low. They may be
retried at any time: names and paths depend only on the date of the run, an interrupted comparison is resumed, and one that is done
stays done.

The connection "spark_default" names the master. spark-submit must be on the worker's PATH, and the secrets of cluster and store in its
spark-defaults.conf or its environment, never here. The deploy mode is client, so that Airflow sees the job's own exit code.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, ObjectStoragePath, Param, task

# A run that somebody starts by hand has no logical date.
RUN = "{{ (logical_date or dag_run.run_after) | ds_nodash }}"
NAME = "compare-" + RUN
OUT = "{{ params.out }}"
COMMON = ["--config", "{{ params.config }}", "--out", OUT, "--name", NAME, "--set", "data.path={{ params.pairs }}"]


def submit(task_id: str, command: list[str], **more: object) -> SparkSubmitOperator:
    """A task that submits the job with this command line."""
    return SparkSubmitOperator(
        task_id=task_id,
        conn_id="spark_default",
        application="{{ params.jar }}",
        java_class="siglip.job.cli.Start",
        name=f"siglip-{task_id}-{RUN}",
        deploy_mode="client",
        driver_memory="1g",
        executor_memory="1g",
        application_args=command,
        **more,
    )


def figure(metrics: dict, path: str) -> float:
    """The figure in metrics.json at a path such as arms.siglip.retrieval.seen.image_to_text.r1; entries of lists go by name."""
    found: object = metrics
    for key in path.split("."):
        if isinstance(found, list):
            found = next((entry for entry in found if entry["name"] == key), None)
        elif isinstance(found, dict):
            found = found.get(key)
        if found is None:
            raise ValueError(f"Cannot judge the run: metrics.json has no figure {path}, which ends at {key}")
    return float(found)


@task(retries=0)
def gate(folder: str, metric: str, at_least: str) -> dict[str, float]:
    """Fails the run of the DAG if the figure is too low. A retry would see the same figure, so there is none.

    at_least is text, because Airflow turns every template into text.
    """
    place = ObjectStoragePath(folder.replace("s3a://", "s3://", 1)) / "metrics.json"
    value = figure(json.loads(place.read_text()), metric)
    if not value >= float(at_least):
        raise ValueError(f"{metric} is {value:.4f}, and at least {at_least} was asked for: {place}")
    return {metric: value}


with DAG(
    dag_id="siglip_compare",
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5), "execution_timeout": timedelta(hours=12)},
    params={
        "jar": Param("/opt/siglip/siglip-spark.jar", type="string", description="The jar that mvn package makes"),
        "config": Param("/opt/siglip/conf/local.conf", type="string", description="Settings file that the driver can read"),
        "pairs": Param("s3a://BUCKET/pairs", type="string", description="Parquet file or folder of pairs"),
        "out": Param("s3a://BUCKET/runs", type="string", description="Folder for the outputs"),
        "metric": Param("arms.siglip.retrieval.seen.image_to_text.r1", type="string", description="Figure in metrics.json to check"),
        "at_least": Param(0.2, type="number", description="Lowest acceptable value"),
    },
) as dag:
    # Bad settings and data are no better the second time.
    validate = submit("validate", ["validate", *COMMON], retries=0)
    compare = submit("compare", ["compare", *COMMON, "--resume", "auto"])
    verdict = gate(f"{OUT}/{NAME}", "{{ params.metric }}", "{{ params.at_least }}")

    validate >> compare >> verdict
