using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.CodeGeneration;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace KadOrleans.Grains;

[Alias("kad.ISiloReportService")]
[Version(0)]
[OpenTo(Callers.Silos)]
internal interface ISiloReportService : IGrainService
{
    /// <summary>How long a silo may take. An operator waits for the slowest one.</summary>
    const string CallTimeout = "00:00:02";

    [Alias("Get")]
    [ResponseTimeout(CallTimeout)]
    Task<SiloReport> GetAsync(GrainId grain);
}

// How a silo is, as it says itself. The reason says why it is not ready, or what slows it. The difference is how far the
// cluster's time is ahead of its clock; null before the silos agreed with it. The grain is the one that was asked for.
[GenerateSerializer]
[Alias("kad.SiloReport")]
internal sealed record SiloReport(
    [property: Id(0)] string Name,
    [property: Id(1)] string Version,
    [property: Id(2)] bool IsReady,
    [property: Id(3)] string? Reason,
    [property: Id(4)] TimeSpan Uptime,
    [property: Id(5)] TimeSpan? ClockDifference,
    [property: Id(6)] bool HasGrain);

internal sealed class SiloReportService(GrainId id, Silo silo, ILoggerFactory loggers, SiloReporter reporter)
    : GrainService(id, silo, loggers), ISiloReportService
{
    public Task<SiloReport> GetAsync(GrainId grain) => Task.FromResult(reporter.Report(grain));
}

internal sealed class SiloServices<T>(IServiceProvider services) : GrainServiceClient<T>(services)
    where T : IGrainService
{
    public T At(SiloAddress silo) => GetGrainService(silo);
}

internal delegate Task<SiloReport> AskReport(SiloAddress silo, GrainId grain);

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

internal readonly record struct SiloState(bool IsReady, string? Reason);

internal delegate SiloState DescribeSilo();

/// <summary>The shards and the directory of edges that are active on this silo. Safe for several threads.</summary>
internal sealed class ActiveGrains
{
    // By activation: the next one of a grain may begin before the one before has ended.
    private readonly ConcurrentDictionary<Grain, GrainId> _activations = new(ReferenceEqualityComparer.Instance);

    public void Begin(Grain activation) => _activations[activation] = activation.GetGrainId();

    /// <summary>Notes its end. Without a beginning it does nothing.</summary>
    public void End(Grain activation) => _activations.TryRemove(activation, out _);

    public bool Has(GrainId grain) => _activations.Values.Contains(grain);
}
