using System.Reflection;
using KadOrleans.Grains.Clocks;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Grains.Silos;

/// <summary>Tells how this silo is, from memory alone. It counts the time from its creation, with the silo's.</summary>
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
        var (isReady, reason) = describe();
        return new SiloReport(own.Name, Version, isReady, reason, clock.GetElapsedTime(_started), cluster.Agreed, active.Has(grain));
    }
}

/// <summary>Whether this silo takes calls.</summary>
/// <param name="IsReady">Whether it does.</param>
/// <param name="Reason">Why not, or what slows it. Null if there is nothing to say.</param>
internal readonly record struct SiloState(bool IsReady, string? Reason);

internal delegate SiloState DescribeSilo();
