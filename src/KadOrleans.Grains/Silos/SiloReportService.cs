using KadOrleans.Grains.Abstractions.Access;
using Microsoft.Extensions.Logging;
using Orleans.CodeGeneration;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace KadOrleans.Grains.Silos;

/// <summary>Tells another silo how this silo is.</summary>
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

/// <summary>How a silo is, as it says itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">The release that it runs.</param>
/// <param name="IsReady">Whether it takes calls.</param>
/// <param name="Reason">Why it is not ready, or what slows it. Null if there is nothing to say.</param>
/// <param name="Uptime">How long ago it started.</param>
/// <param name="ClockDifference">How far the cluster's time is ahead of its clock. Null before the silos agreed with it.</param>
/// <param name="HasGrain">Whether the grain that was asked for is active there.</param>
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

/// <inheritdoc cref="ISiloReportService"/>
internal sealed class SiloReportService(GrainId id, Silo silo, ILoggerFactory loggers, SiloReporter reporter)
    : GrainService(id, silo, loggers), ISiloReportService
{
    public Task<SiloReport> GetAsync(GrainId grain) => Task.FromResult(reporter.Report(grain));
}

/// <summary>Calls the services of silos.</summary>
internal sealed class SiloReportServices(IServiceProvider services) : GrainServiceClient<ISiloReportService>(services)
{
    public Task<SiloReport> AskAsync(SiloAddress silo, GrainId grain) => GetGrainService(silo).GetAsync(grain);
}

internal delegate Task<SiloReport> AskReport(SiloAddress silo, GrainId grain);
