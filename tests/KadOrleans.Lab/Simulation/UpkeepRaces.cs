namespace KadOrleans.Lab;

/// <summary>The form of a client's call that is raced against upkeep.</summary>
public enum RacedCall
{
    Set,
    SetDurably,
    SetForLife,
    Unpublish,
    Delete,
}

/// <summary>A DHT whose keys can be prepared and read for <see cref="UpkeepRaces"/>.</summary>
public interface IRacedDht
{
    IDht Dht { get; }

    IDhtAdmin Admin { get; }

    /// <summary>Whether the DHT itself is one of the holders of a key: else a set leaves what it has.</summary>
    bool Holds(NodeId key) => true;

    /// <summary>Has a key hold a value that is due: published a day ago, or a stranger's of two hours ago.</summary>
    Task PrepareAsync(NodeId key, DhtValue value, bool isPublished);

    /// <summary>The value that is held of a key, and that which is published.</summary>
    Task<(DhtValue? Held, DhtValue? Published)> ReadAsync(NodeId key);
}

/// <summary>What came of the races of one form.</summary>
/// <param name="Acknowledged">Calls that were acknowledged.</param>
/// <param name="Undone">Of these, how many were not as they were left.</param>
/// <param name="Overtaken">Sets of which some contact holds an earlier value again.</param>
public sealed record RaceCount(int Acknowledged, int Undone, int Overtaken)
{
    /// <summary>What was found of each key that was undone or overtaken.</summary>
    public IReadOnlyList<string> Found { get; init; } = [];

    public override string ToString() => $"{Acknowledged} acknowledged, {Undone} undone, {Overtaken} overtaken\n{string.Join('\n', Found)}";
}

/// <summary>
/// Races calls of clients against upkeep in real time, among contacts that answer slowly: each key is due for upkeep and gets one call at a
/// random moment of it, which begins with its first lookup or STORE. Republishing is asked for five times a second.
/// </summary>
public static class UpkeepRaces
{
    private static readonly TimeSpan RepublishEach = TimeSpan.FromMilliseconds(200);

    // What upkeep does with a key takes as long: a publication's holders are asked first.
    private static readonly TimeSpan Published = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Held = TimeSpan.FromSeconds(1);

    private static readonly DhtValue First = DhtValue.FromString("first");
    private static readonly DhtValue Second = DhtValue.FromString("second");

    /// <summary>Runs so many races of a form, some at a time.</summary>
    /// <param name="raced">The DHT.</param>
    /// <param name="network">Its contacts.</param>
    /// <param name="call">The form.</param>
    /// <param name="count">How many.</param>
    /// <param name="together">How many at a time.</param>
    /// <param name="seed">Decides when each call is made.</param>
    /// <param name="storeElsewhere">Has a stranger store a value of a key at the DHT, with what is left of its life.</param>
    public static async Task<RaceCount> RunAsync(
        IRacedDht raced,
        SlowNetwork network,
        RacedCall call,
        int count,
        int together,
        int seed,
        Action<NodeId, DhtValue, TimeSpan>? storeElsewhere = null)
    {
        using var ending = new CancellationTokenSource();
        var republishing = RepublishAsync(raced.Admin, ending.Token);
        var random = new SeededRandomSource(seed);
        var races = Enumerable.Range(0, int.MaxValue)
            .Select(i => NodeId.FromKey($"{call} {i}"))
            .Where(raced.Holds)
            .Take(count)
            .Select(key => (Key: key, At: random.NextDouble() * (call == RacedCall.SetForLife ? Held : Published)))
            .ToList();
        var (acknowledged, undone, overtaken) = (0, 0, 0);
        var found = new List<string>();
        foreach (var some in races.Chunk(together))
        {
            var running = some.Select(race => RaceAsync(raced, network, call, race.Key, race.At, storeElsewhere));
            foreach (var result in await Task.WhenAll(running))
            {
                acknowledged += result.Acknowledged;
                undone += result.Undone;
                overtaken += result.Overtaken;
                found.AddRange(result.Found);
            }
        }

        await ending.CancelAsync();
        await republishing;
        return new RaceCount(acknowledged, undone, overtaken) { Found = found };
    }

    private static async Task<RaceCount> RaceAsync(
        IRacedDht raced, SlowNetwork network, RacedCall call, NodeId key, TimeSpan at, Action<NodeId, DhtValue, TimeSpan>? storeElsewhere)
    {
        await raced.PrepareAsync(key, First, isPublished: call != RacedCall.SetForLife);
        await network.LookedUpAsync(key);
        await Task.Delay(at);

        // Another holder's copy of the value of before, which was on its way.
        storeElsewhere?.Invoke(key, First, TimeSpan.FromDays(5));
        if (!await CallAsync(raced, call, key))
        {
            return new RaceCount(0, 0, 0);
        }

        storeElsewhere?.Invoke(key, First, TimeSpan.FromMinutes(50));

        // A durable set of a node is held once it was sent, and until then a get finds it as pending.
        var isSet = call is RacedCall.Set or RacedCall.SetDurably or RacedCall.SetForLife;
        var isLost = isSet && (await raced.Dht.GetAsync(key)).Value != Second;

        // Longer than the longest piece of upkeep that has begun: two lookups and a STORE with its retries.
        await Task.Delay(TimeSpan.FromSeconds(12));
        var (held, published) = await raced.ReadAsync(key);
        var isUndone = call switch
        {
            RacedCall.Set => (held, published) != (Second, Second),

            // It is sent when its turn comes, sixteen at a time: until then a get finds it as pending.
            RacedCall.SetDurably => published != Second || (await raced.Dht.GetAsync(key)).Value != Second,
            RacedCall.SetForLife => (held, published) != (Second, null),
            RacedCall.Unpublish => published is not null,
            RacedCall.Delete => (held, published) != (null, null),
            _ => throw new ArgumentOutOfRangeException(nameof(call), call, "Unknown form."),
        };
        var overtaken = isSet ? await CountOvertakenAsync(network, key) : 0;
        return new RaceCount(1, isLost || isUndone ? 1 : 0, overtaken > 0 ? 1 : 0)
        {
            Found = isLost || isUndone || overtaken > 0
                ? [$"{key} after {at}: held {held}, published {published}, lost at {overtaken} contacts{(isLost ? ", lost at once" : string.Empty)}"]
                : [],
        };
    }

    // Who has sent the value of before compares once its STOREs have ended, and then sends the later one. On a busy machine both may take their
    // longest. What no one sends again stays overtaken.
    private static async Task<int> CountOvertakenAsync(SlowNetwork network, NodeId key)
    {
        var begun = Stopwatch.StartNew();
        while (network.CountLost(key, Second) > 0 && begun.Elapsed < 2 * StoreDecision.LatestStore)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        return network.CountLost(key, Second);
    }

    private static async Task<bool> CallAsync(IRacedDht raced, RacedCall call, NodeId key)
    {
        switch (call)
        {
            case RacedCall.Set:
                return (await raced.Dht.SetAsync(key, Second, SetAcknowledgement.Network)).Succeeded;
            case RacedCall.SetDurably:
                return (await raced.Dht.SetAsync(key, Second, SetAcknowledgement.Durable)).Succeeded;
            case RacedCall.SetForLife:
                return (await raced.Dht.SetAsync(key, Second, TimeSpan.FromHours(1))).Local == StoreResult.Stored;
            case RacedCall.Unpublish:
                return await raced.Dht.UnpublishAsync(key);
            case RacedCall.Delete:
                await raced.Admin.DeleteAsync(key);
                return true;
            default:
                throw new ArgumentOutOfRangeException(nameof(call), call, "Unknown form.");
        }
    }

    private static async Task RepublishAsync(IDhtAdmin admin, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await admin.RunAsync(DhtWork.Republish, CancellationToken.None);
            await ((Task)Task.Delay(RepublishEach, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
