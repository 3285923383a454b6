using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Reminders;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Two silos whose grains and reminders go by a clock that is moved.</summary>
public sealed class ReminderCluster : IAsyncLifetime, IIncomingGrainCallFilter
{
    /// <summary>How long a bucket goes without a lookup: the shortest that is allowed.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromMinutes(1);

    /// <summary>Less than a lease and a subscription last.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, (byte[] State, string ETag)> _rows = new();
    private int _subscriptions;

    public InProcessTestCluster Value { get; private set; } = null!;

    public IClusterClient Client => Value.Client;

    public ManualTimeProvider Clock { get; } = new();

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.Grains, Clock);
            silo.Services.AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, Clock);
            silo.Services.AddSingleton<IRandomSource>(new LateFirstTicks());
            silo.UseInMemoryReminderService();
            silo.UseKadGrains(options =>
            {
                options.ShardBits = 4;
                options.Kademlia = new KademliaOptions { BucketRefreshInterval = RefreshInterval };
            });
            silo.AddIncomingGrainCallFilter(this);
            silo.Services.AddGrainStorage(
                GrainStorageName.Kad, (services, _) => new SharedStorage(_rows, services.GetRequiredService<Serializer>()));
        });
        Value = builder.Build();
        await Value.DeployAsync();
    }

    public async ValueTask DisposeAsync() => await Value.DisposeAsync();

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        await context.Invoke();
        if (context.InterfaceMethod.Name == nameof(IRoutingTableGrain.SubscribeForChangesAsync))
        {
            Interlocked.Increment(ref _subscriptions);
        }
    }

    /// <summary>Moves the clock as far as it takes, no faster than an edge renews what it holds.</summary>
    public async Task AdvanceUntilAsync(Func<bool> isReached, Func<object?> last)
    {
        var seen = 0;
        await Eventually.BecomesAsync(
            () =>
            {
                if (isReached())
                {
                    return true;
                }

                if (Volatile.Read(ref _subscriptions) is var now && now != seen)
                {
                    seen = now;
                    Clock.Advance(Step);
                }

                return false;
            },
            last);
    }

    /// <summary>Ids at random, and the first tick of each reminder a whole period away: walks come long before the refresh.</summary>
    private sealed class LateFirstTicks : IRandomSource
    {
        public void Fill(Span<byte> destination)
        {
            if (destination.Length == sizeof(ushort))
            {
                destination.Fill(byte.MaxValue);
                return;
            }

            Random.Shared.NextBytes(destination);
        }
    }
}
