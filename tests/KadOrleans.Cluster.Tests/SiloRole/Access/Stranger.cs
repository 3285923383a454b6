using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Somebody without a key, who has Orleans' own client and the contracts of this project.</summary>
internal static class Stranger
{
    // An answer comes long before; a silo that has ended gives none.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Connects to a gateway and calls. It ends once the call was answered, or failed, or the connection was refused, and returns what the caller
    /// learns: null, if the call was done.
    /// </summary>
    public static async Task<Exception?> CallAsync(int gateway, Func<IGrainFactory, Task> call)
    {
        var outcome = await Record.ExceptionAsync(() => ConnectAndCallAsync(gateway, call));
        TestContext.Current.TestOutputHelper?.WriteLine($"The stranger's call: {outcome?.Message ?? "done"}");
        return outcome;
    }

    private static async Task ConnectAndCallAsync(int gateway, Func<IGrainFactory, Task> call)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client =>
        {
            client
                .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, gateway))
                .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("kad", "kad"))
                .Configure<ClientMessagingOptions>(options => options.ResponseTimeout = Patience)
                .UseConnectionRetryFilter((_, _) => Task.FromResult(false));
            NestedArrays.Add(client);
        });
        var host = builder.Build();
        await using var disposed = (IAsyncDisposable)host;
        await host.StartAsync();
        try
        {
            await call(host.Services.GetRequiredService<IGrainFactory>());
        }
        finally
        {
            RequestContext.Clear();
            await host.StopAsync();
        }
    }
}
