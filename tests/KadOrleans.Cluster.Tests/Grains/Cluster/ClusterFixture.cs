using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Reminders;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Two silos in this process, on the real runtime, with storage that fails at will and a clock that is moved.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public const int ShardBits = 8;

    public const int KeysPerSource = 10_000;

    // Nothing takes so long, on whatever machine: it only ends a test that would wait for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ConcurrentBag<TestEdge> _edges = [];

    public TestRows Rows { get; } = new();

    /// <summary>What the next silo that starts has for its storage: <see cref="Rows"/>.</summary>
    public TestRows NextRows { get; set; }

    public ClusterFixture() => (TimeOfDay, NextRows) = (new SteppedClock(Clock), Rows);

    public ManualTimeProvider Clock { get; } = new();

    /// <summary>What grains take for the time: <see cref="Clock"/>, and how far it is set ahead.</summary>
    public SteppedClock TimeOfDay { get; }

    /// <summary>What all silos asked of <see cref="Rows"/>.</summary>
    internal StorageCounts Counts { get; } = new();

    internal ArrivedCalls Arrived { get; } = new();

    internal SiloLog Log { get; } = new();

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public IClusterClient Client => Cluster.Client;

    /// <summary>How many silos start.</summary>
    internal short Silos { get; init; } = 2;

    /// <summary>The clock of the silo that starts, by its name. All have <see cref="TimeOfDay"/>.</summary>
    internal Func<string, TimeProvider>? ClockOf { get; init; }

    /// <summary>Whether a killed silo is found dead within seconds. Where none is killed, a silo that is slow need not be taken for dead.</summary>
    internal bool FindsDeadSilosSoon { get; init; } = true;

    /// <summary>What the next silo that starts is configured with.</summary>
    internal Action<KadClusterOptions> Configure { get; set; } = options =>
    {
        options.ShardBits = ShardBits;

        // Days pass in these tests.
        options.CrawlInterval = TimeSpan.Zero;

        // Room for a shard of 100,000 keys; a source has little.
        options.Quota = new StoreQuota { TotalKeys = 100_000 << ShardBits, TotalBytes = 1L << 40, KeysPerSource = KeysPerSource };
    };

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(Silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) =>
        {
            silo.Services.AddKeyedSingleton(TimeProviderNames.Grains, ClockOf?.Invoke(options.SiloName) ?? TimeOfDay);
            silo.Services.AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, Clock);
            silo.Services.AddGrainStorage(
                GrainStorageName.Kad,
                (services, _) =>
                {
                    var serializer = services.GetRequiredService<Serializer>();
                    return new CountingGrainStorage(new TestGrainStorage(NextRows, serializer), Counts, serializer);
                });
            silo.UseInMemoryReminderService();
            silo.AddIncomingGrainCallFilter(Arrived);
            silo.Services.AddSingleton<ILoggerProvider>(Log);
            silo.StopWithItsHost();
            if (FindsDeadSilosSoon)
            {
                silo.FindDeadSilosSoon();
            }

            silo.UseKadGrains(options => Configure(options));
        });
        Cluster = builder.Build();
        await Cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Rows.Heal();

        // A silo that stops in good order waits half a minute for answers of silos that a test killed.
        foreach (var silo in Cluster.Silos.ToArray())
        {
            await Cluster.KillSiloAsync(silo);
        }

        await Cluster.DisposeAsync();
    }

    /// <summary>A text that is taken in now.</summary>
    public StoredValue Text(string text) => Samples.Text(text) with { StoredAt = TimeOfDay.GetUtcNow() };

    /// <summary>Bytes that are taken in now.</summary>
    public StoredValue Sized(int length) => Samples.Sized(length) with { StoredAt = TimeOfDay.GetUtcNow() };

    internal IKeyShardGrain Shard(long number) => Client.GetGrain<IKeyShardGrain>(number);

    internal IRoutingTableGrain Table(NodeId id) => Client.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(id));

    internal IEdgeDirectoryGrain Directory => Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);

    internal IDhtGrain Dht => Client.GetGrain<IDhtGrain>(GrainKeys.Singleton);

    public Serializer Serializer => Cluster.GetSiloServiceProvider().GetRequiredService<Serializer>();

    /// <summary>The silo that a grain is active on; null if there is none.</summary>
    public ValueTask<SiloAddress?> FindSiloAsync(IAddressable grain) => Client.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);

    internal IEdgeObserver Reference(TestEdge edge)
    {
        // Orleans holds it weakly. A call to one that was collected waits 30 s in vain, in whichever test comes next.
        _edges.Add(edge);
        return Client.CreateObjectReference<IEdgeObserver>(edge);
    }

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

    /// <summary>Asks until something is so.</summary>
    public async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await isSo())
        {
            Assert.False(patience.IsCancellationRequested, "It did not come about.");
            await Directory.GetLiveAsync();
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
}

/// <summary>The tests that share the cluster run one after another: they move its clock and break its storage.</summary>
[CollectionDefinition(Name)]
public sealed class SharedCluster : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}

/// <summary>Counts the calls that have arrived at each grain by method, answered or not, and fails some.</summary>
internal sealed class ArrivedCalls : IIncomingGrainCallFilter
{
    private readonly ConcurrentDictionary<(GrainId, string), int> _counts = new();

    /// <summary>What a call of the method fails with; null lets it through.</summary>
    public Func<string, Exception?> Refuse { get; set; } = static _ => null;

    public int At(IAddressable grain, string method) => _counts.GetValueOrDefault((grain.GetGrainId(), method));

    public Task Invoke(IIncomingGrainCallContext context)
    {
        _counts.AddOrUpdate((context.TargetId, context.MethodName), 1, (_, count) => count + 1);
        return Refuse(context.MethodName) is { } failure ? Task.FromException(failure) : context.Invoke();
    }
}

/// <summary>A cluster for tests of single shards, whose keys must be theirs alone.</summary>
[CollectionDefinition(Name)]
public sealed class ShardCluster : ICollectionFixture<ClusterFixture>
{
    public const string Name = "shards";
}

/// <summary>Keeps the warnings that the silos' grains logged.</summary>
internal sealed class SiloLog : ILoggerProvider, ILogger
{
    private const string Grains = "KadOrleans.Grains";

    private readonly ConcurrentQueue<(int Id, string Text)> _lines = new();

    /// <summary>The lines of one event, oldest first.</summary>
    public IReadOnlyList<string> Of(int id) => [.. _lines.Where(line => line.Id == id).Select(line => line.Text)];

    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith(Grains, StringComparison.Ordinal) ? this : NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _lines.Enqueue((eventId.Id, formatter(state, exception)));
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
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
