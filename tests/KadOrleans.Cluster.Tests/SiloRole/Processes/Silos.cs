namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Silos that were started one after the other.</summary>
internal sealed class Silos(SiloServer[] silos) : IAsyncDisposable
{
    public SiloServer[] All => silos;

    public static async Task<Silos> StartedAsync(params SiloServer[] silos)
    {
        var started = new Silos(silos);
        try
        {
            foreach (var silo in silos)
            {
                await silo.StartAsync();
            }

            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in silos)
        {
            await silo.DisposeAsync();
        }
    }
}
