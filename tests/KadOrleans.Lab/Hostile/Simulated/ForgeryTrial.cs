namespace KadOrleans.Lab;

/// <summary>
/// Sixty nodes store their values at a victim. Then one blind host stores other ones there in the name of these nodes, each of which answers
/// the victim's pings.
/// </summary>
internal static class ForgeryTrial
{
    public const int Nodes = 60;

    public const int Keys = 3_000;

    private static readonly DhtValue Truth = Scene.Truth;

    /// <summary>How many of the values are replaced after some rounds of all keys within less than an hour.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="changes">The bound of changes without a token. A million: none, as before there were tokens.</param>
    /// <param name="rounds">How often each key is stored.</param>
    /// <param name="createStore">The victim's store; null for one in memory.</param>
    public static ForgeryResult Run(int seed, int changes, int rounds, Func<SimulatedWorld, IKeyStore>? createStore = null) =>
        RunAsVictim(seed, createStore, options => options.ChangesWithoutToken = changes, async (scene, victim, store) =>
        {
            var keys = await StoreTruthAsync(scene, victim.Contact);
            var authored = await CountAsync(scene, store, keys, held => held.IsAuthored && held.Value == Truth);
            var forger = ForgerIn(scene, victim.Endpoint);
            for (var i = 0; i < rounds; i++)
            {
                await forger.StoreAsync(keys, Scene.Lie, TimeSpan.FromMinutes(50) / rounds);
            }

            await scene.SettleAsync();
            return new ForgeryResult(authored, await CountAsync(scene, store, keys, held => held.Value == Scene.Lie), forger.Sent, forger.SentBytes);
        });

    /// <summary>
    /// How many values are replaced by nodes that hold other ones, which strangers stored there in somebody's name, and hand them off with their
    /// own tokens.
    /// </summary>
    public static ForgeryResult RunLaundered(int seed, int changes) =>
        RunAsVictim(seed, createStore: null, options => options.ChangesWithoutToken = changes, async (scene, victim, store) =>
        {
            var keys = await StoreTruthAsync(scene, victim.Contact);
            var authored = await CountAsync(scene, store, keys, held => held.IsAuthored && held.Value == Truth);
            await scene.PassAsync(60);
            foreach (var (i, key) in keys.Index())
            {
                // Another node than the one that set it.
                var holder = scene.World.Nodes[((i * Nodes / Keys) + 1) % Nodes];
                await holder.Node.Engine.Storer.StoreAsync(key, new SentValue(Scene.Lie, TimeSpan.FromDays(7)), victim.Contact);
            }

            await scene.SettleAsync();
            return new ForgeryResult(authored, await CountAsync(scene, store, keys, held => held.Value == Scene.Lie), Keys, 0);
        });

    /// <summary>How many values are authored after they were replaced and put back, and after their authors have published them again.</summary>
    public static (int PutBack, int PublishedAgain) RunStripped(int seed) =>
        RunAsVictim(seed, createStore: null, static _ => { }, async (scene, victim, store) =>
        {
            var keys = await StoreTruthAsync(scene, victim.Contact);
            await new Forger(scene.World.Network, scene.World.Clock, scene.Random, victim.Endpoint, [scene.World.Nodes[0].Transport.Endpoint])
                .StoreAsync(keys[^60..], Scene.Lie, TimeSpan.FromMinutes(1));
            await new Forger(scene.World.Network, scene.World.Clock, scene.Random, victim.Endpoint, [scene.World.Nodes[0].Transport.Endpoint])
                .StoreAsync(keys[^60..], Truth, TimeSpan.FromMinutes(1));
            await scene.SettleAsync();
            var putBack = await CountAuthoredAsync();
            foreach (var (i, node) in scene.World.Nodes.Index())
            {
                await StoreAsync(node, victim.Contact, keys[(i * Keys / Nodes)..((i + 1) * Keys / Nodes)], Truth);
            }

            return (putBack, await CountAuthoredAsync());

            Task<int> CountAuthoredAsync() => CountAsync(scene, store, keys, held => held.IsAuthored && held.Value == Truth);
        });

    /// <summary>
    /// What a node of the table can still do after others stored in its name until its quotas were used up: of ten new keys, of ten
    /// changes of others' values, and of ten values that it set before.
    /// </summary>
    public static FramedResult RunFramed(int seed)
    {
        const int quota = 400;
        const int changes = 60;
        return RunAsVictim(
            seed,
            createStore: null,
            options => options.Quota = new StoreQuota { KeysPerSource = quota, ChangesPerSource = changes },
            async (scene, victim, store) =>
            {
                var framed = scene.World.Nodes[0];
                var own = scene.RandomIds(10);
                await StoreAsync(framed, victim.Contact, own, Truth);

                // Others' values without an author, which the forger changes as well.
                var others = scene.RandomIds(2 * changes);
                var owner = new CountingPeer(scene.RandomId(), scene.World.Network.Bind(), PeerAnswers.Pings);
                await scene.StoreAsync(owner, victim.Endpoint, others);
                var forger = new Forger(
                    scene.World.Network, scene.World.Clock, scene.Random, victim.Endpoint, [framed.Transport.Endpoint]);
                await forger.StoreAsync(others, Scene.Lie, TimeSpan.FromMinutes(1));
                await forger.StoreAsync(scene.RandomIds(2 * quota), Scene.Lie, TimeSpan.FromMinutes(1));
                await scene.SettleAsync();

                var left = new List<NodeId>();
                foreach (var key in others)
                {
                    left.AddRange((await store.GetAsync(key, scene.World.Clock.GetUtcNow()))?.Value == Scene.Lie ? [] : [key]);
                }

                return new FramedResult(
                    others.Count - left.Count,
                    await StoreAsync(framed, victim.Contact, scene.RandomIds(10), Truth),
                    await StoreAsync(framed, victim.Contact, left[..10], DhtValue.FromString("changed")),
                    await StoreAsync(framed, victim.Contact, own, DhtValue.FromString("next")));
            });
    }

    /// <summary>How many values are replaced by a token that the victim gave to the forger's own address, and by that of a run before.</summary>
    public static (int OfItsOwn, int OfTheRunBefore) RunWithTokens(int seed) => RunAsVictim(
        seed,
        createStore: null,
        options => options.ChangesWithoutToken = 0,
        async (scene, victim, store) =>
        {
            var keys = (await StoreTruthAsync(scene, victim.Contact))[..Nodes];
            var host = new TokenPeer(scene.RandomId(), scene.World.Network.Bind(AttackerAddresses.Of(AttackerSpread.OneHost, 0)));
            host.AskForToken(victim.Endpoint, scene.Random);
            await scene.PassAsync(1);
            var own = await ReplaceAsync(host.Token);

            // As one of another process: under another key.
            var before = new WriteGuard(new KadNodeOptions(), scene.World.Environment);
            return (own, await ReplaceAsync(before.Issue(scene.World.Nodes[0].Transport.Endpoint)));

            async Task<int> ReplaceAsync(WriteToken token)
            {
                var forger = new Forger(
                    scene.World.Network,
                    scene.World.Clock,
                    scene.Random,
                    victim.Endpoint,
                    [.. scene.World.Nodes.Select(node => node.Transport.Endpoint)])
                {
                    Token = token,
                };
                await forger.StoreAsync(keys, Scene.Lie, TimeSpan.FromSeconds(10));
                await scene.SettleAsync();
                return await CountAsync(scene, store, keys, held => held.Value == Scene.Lie);
            }
        });

    /// <summary>
    /// What a blind host replaces in the name of nodes that store without tokens, each of which stored its keys before their authors did: other
    /// values, over two rounds of all keys, and then what each of the nodes had stored.
    /// </summary>
    public static FormerResult RunAsFormer(int seed, Func<SimulatedWorld, IKeyStore>? createStore = null) =>
        RunAsVictim(seed, createStore, static _ => { }, async (scene, victim, store) =>
        {
            var before = DhtValue.FromString("before");
            var keys = scene.RandomIds(Keys);
            var former = Enumerable.Range(0, Nodes)
                .Select(_ => new CountingPeer(scene.RandomId(), scene.World.Network.Bind(), PeerAnswers.Pings)).ToList();
            foreach (var (i, key) in keys.Index())
            {
                former[i % Nodes].Store(victim.Endpoint, key, before, scene.Random);
                await scene.PassAsync(0.1);
            }

            await scene.SettleAsync();
            foreach (var (i, key) in keys.Index())
            {
                await scene.World.Nodes[i % Nodes].Node.Engine.Storer.StoreAsync(key, SentValue.OfWrite(Truth, life: null), victim.Contact);
            }

            var authored = await CountAsync(scene, store, keys, held => held.IsAuthored && held.Value == Truth);
            var forger = new Forger(
                scene.World.Network, scene.World.Clock, scene.Random, victim.Endpoint, [.. former.Select(peer => peer.Endpoint)]);
            for (var i = 0; i < 2; i++)
            {
                await forger.StoreAsync(keys, Scene.Lie, TimeSpan.FromMinutes(10));
            }

            await scene.SettleAsync();
            var replaced = await CountAsync(scene, store, keys, held => held.Value == Scene.Lie);
            await forger.StoreAsync(keys, before, TimeSpan.FromMinutes(10));
            await scene.SettleAsync();
            return new FormerResult(authored, replaced, await CountAsync(scene, store, keys, held => held.Value == before));
        });

    internal static T RunAsVictim<T>(
        int seed,
        Func<SimulatedWorld, IKeyStore>? createStore,
        Action<KadNodeOptions> configure,
        Func<Scene, (UdpEndpoint Endpoint, Contact Contact), IKeyStore, Task<T>> trial) =>
        Scene.Run(seed, Nodes, async scene =>
        {
            var options = new KadNodeOptions { RandomWalk = new RandomWalkOptions { AutoRefresh = false } };
            configure(options);
            var store = createStore?.Invoke(scene.World) ?? new InMemoryKeyStore(options.Quota, scene.World.Environment.CreateChecks());
            var transport = scene.World.Network.Bind();
            await using var victim = new KadNode(options, transport, store, new InMemoryNodeStateStore(), scene.World.Environment);
            await victim.StartAsync();
            await victim.BootstrapAsync([scene.World.Nodes[0].Transport.Endpoint.ToString()]);
            await scene.SettleAsync();
            return await trial(scene, (transport.Endpoint, new Contact(victim.Id, transport.Endpoint)), store);
        });

    private static Forger ForgerIn(Scene scene, UdpEndpoint victim) => new(
        scene.World.Network, scene.World.Clock, scene.Random, victim, [.. scene.World.Nodes.Select(node => node.Transport.Endpoint)]);

    private static async Task<List<NodeId>> StoreTruthAsync(Scene scene, Contact victim)
    {
        var keys = scene.RandomIds(Keys);
        foreach (var (i, node) in scene.World.Nodes.Index())
        {
            await StoreAsync(node, victim, keys[(i * Keys / Nodes)..((i + 1) * Keys / Nodes)], Truth);
        }

        return keys;
    }

    internal static async Task<int> StoreAsync(SimulatedNode node, Contact victim, IReadOnlyList<NodeId> keys, DhtValue value)
    {
        var taken = 0;
        foreach (var key in keys)
        {
            taken += await node.Node.Engine.Storer.StoreAsync(key, SentValue.OfWrite(value, life: null), victim) is true ? 1 : 0;
        }

        return taken;
    }

    internal static async Task<int> CountAsync(Scene scene, IKeyStore store, IReadOnlyList<NodeId> keys, Func<StoredValue, bool> isCounted)
    {
        var count = 0;
        foreach (var key in keys)
        {
            count += await store.GetAsync(key, scene.World.Clock.GetUtcNow()) is { } held && isCounted(held) ? 1 : 0;
        }

        return count;
    }
}

/// <summary>A peer that asks for a token, as a node does.</summary>
internal sealed class TokenPeer(NodeId id, IDatagramTransport transport) : ScriptedPeer(id, transport)
{
    public WriteToken Token { get; private set; }

    public void AskForToken(UdpEndpoint destination, SeededRandomSource random)
    {
        var buffer = new byte[Strangers.AskingPingLength];
        RequestWriter.Write(buffer, MessageId.Random(random), RequestKind.Ping, Id, asksForToken: true);
        Send(buffer, destination);
    }

    private protected override void OnResponse(MessageId id, ReadOnlySpan<byte> body)
    {
        if (ResponseReader.TryReadToken(body, out var token))
        {
            Token = token;
        }
    }
}

/// <summary>Values that the victim held with their authors, how many of them were replaced, and what that took.</summary>
internal sealed record ForgeryResult(int Authored, int Replaced, int Sent, long SentBytes);

/// <summary>Values that were changed in a node's name, and of ten each what it did itself afterwards.</summary>
internal sealed record FramedResult(int ChangedInItsName, int NewKeys, int Changes, int OwnValues);

/// <summary>
/// Values that the victim held with their authors, how many were replaced in the names of those that had stored there before, and how many of these
/// nodes' own values were put back.
/// </summary>
internal sealed record FormerResult(int Authored, int Replaced, int PutBack);
