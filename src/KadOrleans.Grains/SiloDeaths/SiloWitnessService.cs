using Orleans.CodeGeneration;
using Orleans.Services;

namespace KadOrleans.Grains;

/// <summary>Tells another silo whether a third one has ended, as seen from here.</summary>
[Alias("kad.ISiloWitnessService")]
[Version(0)]
[OpenTo(Callers.Silos)]
internal interface ISiloWitnessService : IGrainService
{
    /// <summary>How long a silo may take: above its looks. Orleans' own probes are not slower than this.</summary>
    const string CallTimeout = "00:00:02";

    [Alias("HasEnded")]
    [ResponseTimeout(CallTimeout)]
    Task<bool> HasEndedAsync(SiloAddress silo);
}

internal sealed class SiloWitnessService(GrainId id, Silo silo, ILoggerFactory loggers, EndedSilos ended)
    : GrainService(id, silo, loggers), ISiloWitnessService
{
    public Task<bool> HasEndedAsync(SiloAddress silo) => ended.HasEndedAsync(silo);
}

/// <summary>Asks a silo whether another one has ended.</summary>
internal delegate Task<bool> AskWitness(SiloAddress witness, SiloAddress silo);
