using Orleans.CodeGeneration;
using Orleans.Services;

namespace KadOrleans.Grains;

/// <summary>Reports a silo's clock to another silo.</summary>
[Alias("kad.ISiloClockService")]
[Version(0)]
[OpenTo(Callers.Silos)]
internal interface ISiloClockService : IGrainService
{
    /// <summary>How long a silo may take. A silo that starts waits for the others as long.</summary>
    const string CallTimeout = "00:00:02";

    [Alias("Get")]
    [ResponseTimeout(CallTimeout)]
    Task<SiloClock> GetAsync();
}

/// <summary>A silo's own time, and what is to be added to get the time agreed on: null if it has just started.</summary>
[GenerateSerializer]
[Alias("kad.SiloClock")]
internal readonly record struct SiloClock([property: Id(0)] DateTimeOffset UtcNow, [property: Id(1)] TimeSpan? Correction);

internal sealed class SiloClockService(
    GrainId id,
    Silo silo,
    ILoggerFactory loggers,
    ClusterClock cluster,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider clock)
    : GrainService(id, silo, loggers), ISiloClockService
{
    public Task<SiloClock> GetAsync() => Task.FromResult(new SiloClock(clock.GetUtcNow(), cluster.Agreed));
}

internal delegate Task<SiloClock> AskClock(SiloAddress silo);
