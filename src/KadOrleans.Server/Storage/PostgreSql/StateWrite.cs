using Npgsql;

namespace KadOrleans.Server;

/// <summary>A state's write since its arrival, until its outcome is known. The first outcome counts.</summary>
internal sealed class StateWrite(StateRow row, TimeSpan timeout, long since)
    : TaskCompletionSource<int?>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public StateRow Row => row;

    /// <summary>Whether it needs no statement, as it was cancelled or has been pending for too long. In the latter case it fails.</summary>
    public bool IsOver(TimeProvider time)
    {
        if (timeout > TimeSpan.Zero && time.GetElapsedTime(since) >= timeout)
        {
            TrySetException(new NpgsqlException($"The state was not written: for {timeout.TotalSeconds:0} s, its timeout, it waited for other writes.", new TimeoutException()));
        }

        return Task.IsCompleted;
    }
}

internal readonly record struct StateKey(
    int GrainIdHash, long GrainIdN0, long GrainIdN1, int GrainTypeHash, string GrainType, string? GrainIdExtension, string ServiceId)
{
    /// <summary>The order in which all silos lock rows.</summary>
    public int CompareTo(StateKey other)
    {
        var order = (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1).CompareTo(
            (other.GrainIdHash, other.GrainTypeHash, other.GrainIdN0, other.GrainIdN1));
        order = order != 0 ? order : string.CompareOrdinal(GrainType, other.GrainType);
        return order != 0 ? order : string.CompareOrdinal(GrainIdExtension, other.GrainIdExtension);
    }
}
