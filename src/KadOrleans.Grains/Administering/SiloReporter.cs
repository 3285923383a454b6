using System.Reflection;

namespace KadOrleans.Grains;

/// <summary>Reports this silo's state, from memory alone. Its uptime begins when this object is made, with the silo.</summary>
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
            own.Name, Version, state.IsReady, state.Reason, clock.GetElapsedTime(_started), cluster.Agreed, active.Has(grain), state.Node);
    }
}

internal readonly record struct SiloState(bool IsReady, string? Reason, string? Node = null);

internal delegate SiloState DescribeSilo();
