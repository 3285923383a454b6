namespace KadOrleans.Tests.Node;

/// <summary>What upkeep does with the key of a run.</summary>
internal enum Upkeep
{
    /// <summary>Publishes again what is due after a day.</summary>
    Republish,

    /// <summary>Publishes what was set durably, and confirms that.</summary>
    Confirm,

    /// <summary>Republishes a stranger's value.</summary>
    Spread,

    /// <summary>Republishes a value that is published, too, and is not due for that.</summary>
    SpreadPublished,

    /// <summary>Ends a publication that the network has replaced.</summary>
    TakeOver,
}

/// <summary>
/// One run of upkeep of a key against calls of clients for it, on virtual time: the real engine and the real stores, with one other holder.
/// Calls of the stores and STOREs go on in the order that is chosen. In the end the key is as the acknowledged calls left it.
/// </summary>
internal sealed class UpkeepRun(SimulatedWorld world, Upkeep upkeep, IReadOnlyList<ClientCall> clientCalls, Func<int, int> choose, NodeId key)
{
    public static readonly NetworkConditions Conditions = new() { MinDelay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero };

    private const string First = "v1";
    private const string Later = "later";
    private const string ForLife = " for a life";
    private static readonly TimeSpan TimeToLive = new KademliaOptions().ValueTimeToLive;
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    private readonly StepSchedule _schedule = new(world.Clock, choose);

    private readonly AcknowledgedCalls _calls = new(
        held: upkeep == Upkeep.Confirm ? [null, First] : [First], published: upkeep == Upkeep.Spread ? null : First)
    {
        Later = upkeep == Upkeep.TakeOver ? Later : null,
    };

    private DateTimeOffset Now => world.Clock.GetUtcNow();

    private DateTimeOffset PublishedAt => Now - TimeSpan.FromHours(upkeep switch
    {
        Upkeep.Confirm => 0,
        Upkeep.SpreadPublished => 2,
        _ => 25,
    });

    // What is due for publishing is not for republishing too, which would make each run longer.
    private DateTimeOffset StoredAt => upkeep == Upkeep.SpreadPublished ? PublishedAt : Now - TimeSpan.FromMinutes(10);

    /// <summary>A node, whose publications are apart from its keys.</summary>
    public async Task RunNodeAsync(UpkeepStores stores)
    {
        var holder = await StartHolderAsync();
        var publications = new SteppedPublicationStore(stores, stores.Publications, _schedule);
        await using var node = await world.StartAsync(
            Without.Walks,
            new SteppedKeyStore(stores, _schedule),
            publications: publications,
            transport: new SteppedTransport(world.Network.Bind(), _schedule));
        await node.BootstrapAsync([$"{holder.Transport.Endpoint}"]);
        if (upkeep != Upkeep.Spread)
        {
            var first = new Publication(Text(First), PublishedAt) { IsPending = upkeep == Upkeep.Confirm };
            await stores.AwaitAsync(() => stores.Publications.PutAsync(key, first).AsTask());
        }

        await HoldAsync(stores, upkeep == Upkeep.Confirm ? null : FirstHeld());

        await _schedule.RunAsync(() =>
        {
            var work = clientCalls.Select((call, i) => CallAsync(call, i, value => CallAsync(node, call, value))).ToList();
            return [node.Admin.RunAsync(DhtWork.Republish), .. work];
        });

        // What is pending still goes out.
        await world.PassAsync(TimeSpan.FromMinutes(3));
        var published = await stores.AwaitAsync(() => stores.Publications.GetAsync(key).AsTask());
        Assert.False(published is { IsPending: true }, Tell("It is pending"));
        await CheckAsync(holder, await stores.AwaitAsync(() => stores.Keys.GetAsync(key, Now).AsTask()), published);
        await stores.AwaitAsync(() => stores.Publications.RemoveAsync(key).AsTask());
        await stores.AwaitAsync(() => stores.Keys.RemoveAsync(key).AsTask());
    }

    /// <summary>An edge of a cluster, whose shard has both. Clients go to the shard first, as <c>DhtGrain</c> does.</summary>
    /// <param name="byAnother">Whether another edge sends what clients set: the two share the shard, and no turns.</param>
    public async Task RunClusterAsync(bool byAnother = false)
    {
        StepSchedule? holding = null;
        var stores = await ShardUpkeepStores.OpenAsync(world.Clock, () => holding);
        var holder = await StartHolderAsync();
        var keys = new SteppedKeyStore(stores, _schedule);
        var publications = new SteppedPublicationStore(stores, stores.Publications, _schedule);
        var siblings = new SiblingIds(world.Clock);
        var edge = NewEdge(keys, siblings);
        var sender = byAnother ? NewEdge(keys, siblings) : edge;
        siblings.Update([edge.Id, sender.Id]);
        var runner = new MaintenanceRunner(edge, keys, publications, new ListedSchedule(), _ => Task.CompletedTask, world.Environment);
        using var stopping = new CancellationTokenSource();
        foreach (var started in new[] { edge, sender }.Distinct())
        {
            started.Start();
            await started.BootstrapAsync([$"{holder.Transport.Endpoint}"]);
        }

        var running = runner.RunAsync(stopping.Token);
        await HoldAsync(stores, FirstHeld() with
        {
            PublishedAt = upkeep switch
            {
                Upkeep.Spread => null,
                Upkeep.Confirm => StoredValue.PendingSince(PublishedAt),
                _ => PublishedAt,
            },
        });
        holding = _schedule;
        await _schedule.RunAsync(() =>
        {
            var work = clientCalls.Select((call, i) => CallAsync(call, i, value => CallAsync(sender, keys, stores, call, value))).ToList();
            runner.TryRun(new MaintenanceTask.RepublishKeys([key]));
            return work;
        });

        // The next tick of the shard, for what is pending still.
        runner.TryRun(new MaintenanceTask.RepublishKeys([key]));
        await world.PassAsync(TimeSpan.FromMinutes(3));
        var held = await stores.Keys.GetAsync(key, Now);
        Assert.False(held is { IsPending: true }, Tell("It is pending"));
        await CheckAsync(holder, held, await stores.Publications.GetAsync(key));
        stopping.Cancel();
        await running;
        await edge.DisposeAsync();
        await sender.DisposeAsync();
    }

    private DhtNode NewEdge(IKeyStore keys, SiblingIds siblings)
    {
        var options = new KadNodeOptions();
        Without.Walks(options);
        var table = new LocalRoutingTable(
            NodeId.Random(world.Random), options.Kademlia, new SubnetDiversity(options.Subnets, AddressRangeSet.Parse([])), world.Clock);
        return new DhtNode(options, new SteppedTransport(world.Network.Bind(), _schedule), table, keys, world.Environment, siblings: siblings);
    }

    private async Task<SimulatedNode> StartHolderAsync()
    {
        var holder = await world.StartNodeAsync(Without.Walks);
        if (upkeep == Upkeep.TakeOver)
        {
            await holder.Store.PutAsync(key, new StoredValue(Text(Later), Now, Now + TimeToLive, StoredValues.Bob));
        }

        return holder;
    }

    // In the place of what the other holder may have handed off.
    private async Task HoldAsync(UpkeepStores stores, StoredValue? value)
    {
        await world.PassAsync(TimeSpan.FromSeconds(5));
        await stores.AwaitAsync(() => stores.Keys.RemoveAsync(key).AsTask());
        if (value is not null)
        {
            Assert.Equal(StoreResult.Stored, await stores.AwaitAsync(() => stores.Keys.PutAsync(key, value, PutKind.Import).AsTask()));
        }
    }

    private StoredValue FirstHeld() => upkeep switch
    {
        Upkeep.Spread => new StoredValue(Text(First), Now - TimeSpan.FromHours(2), Now + TimeSpan.FromDays(6), StoredValues.Alice),
        _ => new StoredValue(Text(First), StoredAt, PublishedAt + TimeToLive, SourceNetwork.Trusted) { IsAuthored = true },
    };

    private async Task CallAsync(ClientCall call, int number, Func<DhtValue, Task<bool>> work)
    {
        var value = call == ClientCall.Shorten ? First : $"v{number + 2}";
        await _schedule.StepAsync($"begin {call} {value}");
        var entry = _calls.Begin(call, call is ClientCall.SetForLife or ClientCall.Shorten ? value + ForLife : value);
        var took = await work(Text(value));
        _schedule.Trace.Add($"{call} {value} is acknowledged{(took ? string.Empty : " without effect")}");
        _calls.End(entry, took);
    }

    private async Task<bool> CallAsync(KadNode node, ClientCall call, DhtValue value)
    {
        switch (call)
        {
            case ClientCall.Set:
                var set = await node.SetAsync(key, value, SetAcknowledgement.Network);
                Assert.Equal((true, StoreResult.Stored), (set.Succeeded, set.Publication));
                return true;
            case ClientCall.SetDurably:
                Assert.Equal(StoreResult.Stored, (await node.SetAsync(key, value, SetAcknowledgement.Durable)).Publication);
                return true;
            case ClientCall.SetForLife or ClientCall.Shorten:
                return (await node.SetAsync(key, value, Life)).Local == StoreResult.Stored;
            case ClientCall.Unpublish:
                return await node.UnpublishAsync(key);
            case ClientCall.Delete:
                await node.Admin.DeleteAsync(key);
                return true;
            default:
                throw new ArgumentOutOfRangeException(nameof(call), call, "Unknown call.");
        }
    }

    private async Task<bool> CallAsync(DhtNode edge, SteppedKeyStore keys, ShardUpkeepStores stores, ClientCall call, DhtValue value)
    {
        switch (call)
        {
            case ClientCall.Set or ClientCall.SetDurably:
                var (put, published) = await PutAsync(keys, () =>
                    new StoredValue(value, Now, Now + TimeToLive, SourceNetwork.Trusted) { PublishedAt = StoredValue.PendingSince(Now), IsAuthored = true },
                    PutKind.Publication);
                Assert.Equal(StoreResult.Stored, put);
                var sent = SendAsync(edge, stores, published);
                await (call == ClientCall.Set ? sent : Task.CompletedTask);
                return true;
            case ClientCall.SetForLife or ClientCall.Shorten:
                var (result, stored) = await PutAsync(
                    keys, () => new StoredValue(value, Now, Now + Life, SourceNetwork.Trusted) { IsAuthored = true }, PutKind.WithLife);
                if (result != StoreResult.Stored)
                {
                    return false;
                }

                await SendAsync(edge, stores, stored);
                return true;
            case ClientCall.Unpublish:
                return await UnpublishAsync(stores);
            case ClientCall.Delete:
                await UnpublishAsync(stores);
                await keys.RemoveAsync(key);
                return true;
            default:
                throw new ArgumentOutOfRangeException(nameof(call), call, "Unknown call.");
        }
    }

    // As the grain, with a new time after it was overtaken.
    private async Task<(StoreResult Result, StoredValue Put)> PutAsync(SteppedKeyStore keys, Func<StoredValue> stamp, PutKind kind)
    {
        while (true)
        {
            var put = stamp();
            if (await keys.PutAsync(key, put, kind) is not StoreResult.Overtaken and var result)
            {
                return (result, put);
            }
        }
    }

    private Task<bool> UnpublishAsync(ShardUpkeepStores stores) =>
        stores.WriteAsync(_schedule, "unpublish", () => stores.Shard.UnpublishAsync(key, CancellationToken.None).AsTask());

    private async Task SendAsync(DhtNode edge, ShardUpkeepStores stores, StoredValue stored)
    {
        TimeSpan? life = stored.PublishedAt is null ? stored.LifeLeft(Now) : null;
        var sent = await edge.SpreadAsync(key, stored.Value, life, CancellationToken.None);
        if (sent.Stored > 0
            && stored.PublishedAt is { } mark
            && await stores.WriteAsync(_schedule, "confirm", () => stores.Shard.ConfirmAsync(key, mark).AsTask()))
        {
            return;
        }

        if (await stores.Keys.GetAsync(key, Now) is { Source.IsTrusted: true } held && held.Value != stored.Value)
        {
            await SendAsync(edge, stores, held);
        }
    }

    private async Task CheckAsync(SimulatedNode holder, StoredValue? held, Publication? published)
    {
        var elsewhere = await holder.Store.GetAsync(key, Now);
        Assert.True(
            _calls.Explains(Describe(held), published?.Value.AsString(), Describe(elsewhere)),
            Tell($"Held is {Describe(held)}, published {published?.Value.AsString()}, elsewhere {Describe(elsewhere)}"));
    }

    private string? Describe(StoredValue? value) => value is null ? null : value.Value.AsString() + (value.ExpiresAt - Now > 2 * Life ? string.Empty : ForLife);

    private string Tell(string what) => $"{what}, after {_calls}:\n{string.Join('\n', _schedule.Trace)}";

    private static DhtValue Text(string text) => DhtValue.FromString(text);
}
