using KadOrleans.Faults.Clusters;

namespace KadOrleans.Faults.Campaigns;

/// <summary>A fault that lasts until it is disposed of.</summary>
internal sealed class RunningFault : IAsyncDisposable
{
    private readonly Func<Task> _end;

    private RunningFault(Func<Task> end) => _end = end;

    /// <summary>Makes a fault befall its target.</summary>
    public static async Task<RunningFault> BeginAsync(Fault fault, FaultyCluster cluster)
    {
        var (begin, end) = fault.Target == FaultTarget.Database
            ? OfDatabase(fault.Kind, cluster.Storage)
            : OfMember(fault.Kind, fault.Target == FaultTarget.Silo ? cluster.Silos[fault.Index] : cluster.Edges[fault.Index], cluster);
        await begin();
        return new RunningFault(end);
    }

    public async ValueTask DisposeAsync() => await _end();

    private static (Func<Task> Begin, Func<Task> End) OfDatabase(FaultKind kind, ClusterStorage storage) => kind switch
    {
        FaultKind.Freeze => (storage.HangAsync, storage.ContinueAsync),
        FaultKind.Kill => (storage.KillAsync, storage.RestartAsync),
        FaultKind.FailOver => (storage.FailOverAsync, storage.RejoinAsync),
        _ => (storage.StopAsync, storage.RestartAsync),
    };

    private static (Func<Task> Begin, Func<Task> End) OfMember(FaultKind kind, ClusterMember member, FaultyCluster cluster) => kind switch
    {
        FaultKind.Freeze => (member.Server.HangAsync, member.Server.ContinueAsync),
        FaultKind.Kill => (member.Server.KillAsync, () => cluster.RestartAsync(member)),
        _ => (() => StopAsync(member), () => cluster.RestartAsync(member)),
    };

    // A process that does not end in order within the time that its platform grants is killed.
    private static async Task StopAsync(ClusterMember member)
    {
        try
        {
            await member.Server.StopAsync();
        }
        catch (OperationCanceledException)
        {
            await member.Server.KillAsync();
        }
    }
}
