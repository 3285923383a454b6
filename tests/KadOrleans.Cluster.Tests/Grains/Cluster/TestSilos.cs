using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Silos in this process, on the real runtime.</summary>
internal static class TestSilos
{
    /// <summary>Starts two silos that share storage and keep the real time.</summary>
    /// <param name="rows">The storage.</param>
    /// <param name="configure">What else a silo has.</param>
    public static async Task<InProcessTestCluster> StartTwoAsync(TestRows rows, Action<ISiloBuilder> configure)
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddGrainStorage(
                GrainStorageName.Kad, (services, _) => new TestGrainStorage(rows, services.GetRequiredService<Serializer>()));
            silo.UseInMemoryReminderService();
            silo.FindDeadSilosSoon();
            configure(silo);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    /// <summary>
    /// Stops a silo whose start failed before its services are disposed. Otherwise its directory reads the ended list of members in a loop
    /// without a pause. The tests after it would get what is left of the processor.
    /// </summary>
    public static void StopWithItsHost(this ISiloBuilder silo) =>
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, Stopping>();

    /// <summary>A killed silo is found dead within seconds.</summary>
    public static void FindDeadSilosSoon(this ISiloBuilder silo) => silo.Configure<ClusterMembershipOptions>(options =>
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(1);
        options.NumMissedProbesLimit = 2;
        options.NumVotesForDeathDeclaration = 1;
    });

    private sealed class Stopping : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
    {
        private ISiloLifecycleSubject? _silo;

        public void Participate(ISiloLifecycle observer) => _silo = (ISiloLifecycleSubject)observer;

        // Does nothing where the silo was stopped already.
        public async ValueTask DisposeAsync() => await _silo!.OnStop(new CancellationToken(canceled: true));
    }
}

/// <summary>Workers that call a cluster until the test ends, however it ends: those that went on would starve the tests behind it.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _workers;

    /// <summary>Starts workers.</summary>
    /// <param name="numbers">Each worker's number.</param>
    /// <param name="work">What the worker with a number does until its token is cancelled.</param>
    public Load(IEnumerable<int> numbers, Func<int, CancellationToken, Task> work) =>
        _workers = Task.WhenAll(numbers.Select(number => work(number, _stop.Token)).ToList());

    /// <summary>Ends the workers. Throws what one of them threw.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _workers;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _workers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
