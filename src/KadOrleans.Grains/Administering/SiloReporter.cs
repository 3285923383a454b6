using System.Reflection;

namespace KadOrleans.Grains;

/// <summary>Reports this silo's state, without a call to another silo or to storage. Its uptime begins when this object is made, with the silo.</summary>
internal sealed class SiloReporter(
    ILocalSiloDetails own,
    ActiveGrains active,
    ClusterClock cluster,
    DescribeSilo describe,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider clock)
{
    // Without the commit.
    private static readonly string Version =
        typeof(SiloReporter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private readonly long _started = clock.GetTimestamp();

    public SiloReport Report(GrainId grain)
    {
        var state = describe();
        return new SiloReport(
            own.Name,
            Version,
            state.IsReady,
            state.Reason,
            clock.GetElapsedTime(_started),
            cluster.Agreed - state.ClockAhead,
            active.Has(grain),
            state.Node,
            active.CountShards(),
            Environment.WorkingSet);
    }
}

/// <param name="IsReady">Whether it is ready.</param>
/// <param name="Reason">Why not, or what is wrong even so.</param>
/// <param name="Node">The machine that it is on.</param>
/// <param name="ClockAhead">How far the system's clock is ahead of what the silo takes for the time.</param>
internal readonly record struct SiloState(bool IsReady, string? Reason, string? Node = null, TimeSpan ClockAhead = default);

internal delegate SiloState DescribeSilo();
