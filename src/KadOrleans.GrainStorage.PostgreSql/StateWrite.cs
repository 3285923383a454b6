namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>A state to write, and the version that it replaces. Null: it is the first.</summary>
internal sealed record StateRow(StateKey Key, int? Version, ReadOnlyMemory<byte> Payload);

/// <summary>
/// A state's write from its call until its outcome: the new version, or null if another write came first. The first outcome counts.
/// </summary>
internal sealed class StateWrite(StateRow row, TimeSpan timeout, TimeProvider time)
    : TaskCompletionSource<int?>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private readonly long _since = time.GetTimestamp();

    public StateRow Row => row;

    /// <summary>Whether a statement has it. If none had it, it was not written.</summary>
    public bool IsTaken { get; set; }

    /// <summary>What is left of its timeout, in whole seconds as the driver takes them; 0 is no bound.</summary>
    public int SecondsLeft =>
        timeout == Timeout.InfiniteTimeSpan ? 0 : Math.Max(1, (int)Math.Ceiling((timeout - time.GetElapsedTime(_since)).TotalSeconds));
}
