namespace KadOrleans.EdgeWorker.Values;

/// <summary>What became of one request of a lane: the shard's result, or why there is none.</summary>
internal readonly record struct LaneOutcome<TResult>(TResult? Result, Exception? Failure)
{
    public bool Failed => Failure is not null;

    public static LaneOutcome<TResult> Of(TResult result) => new(result, null);

    public static LaneOutcome<TResult> FailedBy(Exception failure) => new(default, failure);
}
