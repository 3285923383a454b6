using Orleans.Configuration;
using Orleans.Reminders;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>A cluster with storage that fails at will and a clock that is moved.</summary>
public class ClusterFixture : SiloCluster
{
    public const int ShardBits = 8;

    public const int KeysPerSource = 10_000;

    // Nothing takes so long, on whatever machine. It ends a test that would wait for ever, before whoever runs the suite ends that.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public ClusterFixture() => (TimeOfDay, NextRows) = (new SteppedClock(Clock), Rows);

    /// <summary>For what is serialized without a cluster.</summary>
    public static Serializer Serializer { get; } =
        new ServiceCollection().AddSerializer().AddClient().BuildServiceProvider().GetRequiredService<Serializer>();

    public TestRows Rows { get; } = new();

    /// <summary>What the next silo that starts has for its storage: <see cref="Rows"/>.</summary>
    public TestRows NextRows { get; set; }

    public ManualTimeProvider Clock { get; } = new();

    /// <summary>What grains take for the time: <see cref="Clock"/>, and how far it is set ahead.</summary>
    public SteppedClock TimeOfDay { get; }

    /// <summary>The clock of the silo that starts, by its name. All have <see cref="TimeOfDay"/>.</summary>
    internal Func<string, TimeProvider>? ClockOf { get; init; }

    /// <summary>Whether a killed silo is found dead within seconds. So is one that is slow, as on a busy machine.</summary>
    internal bool FindsDeadSilosSoon { get; init; }

    internal Action<IServiceCollection> AddServices { get; init; } = static _ => { };

    /// <summary>Takes services away after all were added.</summary>
    internal Action<IServiceCollection> RemoveServices { get; init; } = static _ => { };

    internal Action<KadClusterOptions> Configure { get; set; } = options =>
    {
        options.ShardBits = ShardBits;

        // Days pass in these tests.
        options.CrawlInterval = TimeSpan.Zero;

        // A source has little.
        options.Quota = new StoreQuota { TotalKeys = 100_000 << ShardBits, TotalBytes = 1L << 40, KeysPerSource = KeysPerSource };
    };

    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Rows.Heal();
        return base.DisposeAsync();
    }

    protected override void ConfigureSilo(string name, ISiloBuilder silo)
    {
        silo.Services.AddKeyedSingleton(TimeProviderNames.Grains, ClockOf?.Invoke(name) ?? TimeOfDay);
        silo.Services.AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, Clock);
        silo.Services.AddGrainStorage(GrainStorageName.Kad, (_, _) => new TestGrainStorage(NextRows));
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, StopWithHost>();
        if (FindsDeadSilosSoon)
        {
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.NumMissedProbesLimit = 2;
                options.NumVotesForDeathDeclaration = 1;
            });
        }

        AddServices(silo.Services);
        silo.UseKadGrains(options => Configure(options));
        RemoveServices(silo.Services);
    }

    public StoredValue Text(string text) => Samples.Text(text) with { StoredAt = TimeOfDay.GetUtcNow() };

    public StoredValue Sized(int length) => Samples.Sized(length) with { StoredAt = TimeOfDay.GetUtcNow() };

    /// <summary>Moves the clock in steps until something is so: reminders are armed and handed over between threads.</summary>
    public async Task AdvanceUntilAsync(TimeSpan step, Func<Task<bool>> isSo)
    {
        var asked = 0;
        await UntilAsync(async () =>
        {
            if (++asked % 20 == 0)
            {
                Clock.Advance(step);
            }

            return await isSo();
        });
    }

    public Task UntilAsync(Func<bool> isSo) => UntilAsync(() => Task.FromResult(isSo()));

    public async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await isSo())
        {
            Assert.False(patience.IsCancellationRequested, "It did not come about.");

            // A pause. A silo that a test has stopped may be the client's gateway still, and then it fails.
            await Record.ExceptionAsync(() => Directory.GetLiveAsync());
        }
    }

    /// <summary>Calls again while calls time out, as they do on a machine under load.</summary>
    public static async Task<T> PatientlyAsync<T>(Func<ValueTask<T>> call)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return await call();
            }
            catch (TimeoutException) when (!patience.IsCancellationRequested)
            {
                // The silos are as slow as this test.
            }
        }
    }

    // Stops a silo whose start failed before its services are disposed. Otherwise its directory reads the ended list of members in a loop
    // without a pause. The tests after it would get what is left of the processor.
    private sealed class StopWithHost : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
    {
        private ISiloLifecycleSubject? _silo;

        public void Participate(ISiloLifecycle observer) => _silo = (ISiloLifecycleSubject)observer;

        // Does nothing where the silo was stopped already.
        public async ValueTask DisposeAsync() => await _silo!.OnStop(new CancellationToken(canceled: true));
    }
}

/// <summary>A cluster for tests that kill silos.</summary>
public sealed class CrashCluster : ClusterFixture
{
    public CrashCluster() => FindsDeadSilosSoon = true;
}

/// <summary>The tests that share the cluster run one after another: they move its clock and break its storage.</summary>
[CollectionDefinition(Name)]
public sealed class SharedCluster : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}

/// <summary>A cluster for tests of single shards, whose keys must be theirs alone.</summary>
[CollectionDefinition(Name)]
public sealed class ShardCluster : ICollectionFixture<ClusterFixture>
{
    public const string Name = "shards";
}

/// <summary>Tests that measure memory, or that load a cluster of their own with all processors. They run after the others, one at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>A clock that somebody sets: the time of day jumps, measured time and timers do not.</summary>
public sealed class SteppedClock(ManualTimeProvider clock) : TimeProvider
{
    // Set by the test, read by the silos' threads.
    private long _ahead;

    public TimeSpan Ahead
    {
        get => new(Interlocked.Read(ref _ahead));
        set => Interlocked.Exchange(ref _ahead, value.Ticks);
    }

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Ahead;

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);
}

/// <summary>Workers that call a cluster until the test ends, however it ends: those that went on would starve the tests behind it.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _workers;

    // The work is done by the worker with a number until its token is cancelled.
    public Load(IEnumerable<int> numbers, Func<int, CancellationToken, Task> work) =>
        _workers = Task.WhenAll(numbers.Select(number => work(number, _stop.Token)).ToList());

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
