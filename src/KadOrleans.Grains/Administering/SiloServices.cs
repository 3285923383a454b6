using Orleans.Runtime.Services;
using Orleans.Services;

namespace KadOrleans.Grains;

internal sealed class SiloServices<T>(IServiceProvider services) : GrainServiceClient<T>(services)
    where T : IGrainService
{
    public T At(SiloAddress silo) => GetGrainService(silo);
}
