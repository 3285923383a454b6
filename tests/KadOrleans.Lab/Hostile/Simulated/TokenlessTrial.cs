namespace KadOrleans.Lab;

/// <summary>Writers that show no tokens, as Python's nodes, and attackers that show tokens of their own addresses, at one victim.</summary>
internal static class TokenlessTrial
{
    public const int Keys = 600;

    private const int Writers = 10;
    private const int Minutes = 60;

    private static readonly DhtValue Truth = Scene.Truth;

    /// <summary>
    /// One address stores over all values of writers without tokens. Before, it may change values of its own without a token, to use up what all
    /// such changes share. Then the writers store theirs again.
    /// </summary>
    public static TakenResult RunOnce(int seed, bool spendsBound, Func<SimulatedWorld, IKeyStore>? createStore = null) =>
        ForgeryTrial.RunAsVictim(seed, createStore, static _ => { }, async (scene, victim, store) =>
        {
            var keys = scene.RandomIds(Keys);
            var writers = WritersIn(scene);
            await StoreAsync(scene, writers, victim.Endpoint, keys);
            var attacker = AttackersIn(scene, 1)[0];
            var token = await AskForTokenAsync(scene, attacker, victim.Endpoint);
            if (spendsBound)
            {
                await SpendBoundAsync(scene, attacker, token, victim.Endpoint);
            }

            await OverwriteAsync(scene, attacker, token, victim.Endpoint, keys);
            var taken = await CountAsync(scene, store, keys, Scene.Lie);
            await StoreAsync(scene, writers, victim.Endpoint, keys);
            return new TakenResult(taken, await CountAsync(scene, store, keys, Truth));
        });

    /// <summary>
    /// What share of the values stands over an hour, of writers without tokens and of nodes with tokens. Each stores its values again every ten
    /// minutes, and each attacker stores over all of them each minute, as far as the victim lets it.
    /// </summary>
    public static SharesResult RunForAnHour(int seed, int attackers) =>
        ForgeryTrial.RunAsVictim(seed, createStore: null, static _ => { }, async (scene, victim, store) =>
        {
            var (plain, authored) = (scene.RandomIds(Keys), scene.RandomIds(Keys));
            var writers = WritersIn(scene);
            await StoreAsync(scene, writers, victim.Endpoint, plain);
            for (var i = 0; i < Writers; i++)
            {
                await ForgeryTrial.StoreAsync(scene.World.Nodes[i], victim.Contact, Share(authored, i), Truth);
            }

            var gang = AttackersIn(scene, attackers);
            List<NodeId> all = [.. plain.Zip(authored).SelectMany(pair => new[] { pair.First, pair.Second })];
            var (plainStood, authoredStood) = (0, 0);
            for (var minute = 0; minute < Minutes; minute++)
            {
                var end = scene.World.Clock.Elapsed + TimeSpan.FromMinutes(1);
                foreach (var (i, attacker) in gang.Index())
                {
                    var token = await AskForTokenAsync(scene, attacker, victim.Endpoint);
                    await SpendBoundAsync(scene, attacker, token, victim.Endpoint);

                    // In another order each time, so that all are reached.
                    var first = (minute + i) * 97 % all.Count;
                    await OverwriteAsync(scene, attacker, token, victim.Endpoint, [.. all.Skip(first), .. all.Take(first)]);
                }

                var turn = minute % Writers;
                await StoreAsync(scene, [writers[turn]], victim.Endpoint, Share(plain, turn));
                await ForgeryTrial.StoreAsync(scene.World.Nodes[turn], victim.Contact, Share(authored, turn), Truth);
                plainStood += await CountAsync(scene, store, plain, Truth);
                authoredStood += await CountAsync(scene, store, authored, Truth);
                await scene.PassAsync(Math.Max(0, (end - scene.World.Clock.Elapsed).TotalSeconds));
            }

            return new SharesResult(
                100 * plainStood / (Minutes * Keys),
                100 * authoredStood / (Minutes * Keys),
                100 * await CountAsync(scene, store, plain, Truth) / Keys,
                100 * await CountAsync(scene, store, authored, Truth) / Keys);
        });

    private static List<CountingPeer> WritersIn(Scene scene) =>
        [.. Enumerable.Range(0, Writers).Select(_ => new CountingPeer(scene.RandomId(), scene.World.Network.Bind(), PeerAnswers.Pings))];

    private static List<TokenPeer> AttackersIn(Scene scene, int count) =>
        scene.Bind(count, AttackerSpread.OneSubnet, transport => new TokenPeer(scene.RandomId(), transport));

    private static IReadOnlyList<NodeId> Share(List<NodeId> keys, int writer) => keys[(writer * Keys / Writers)..((writer + 1) * Keys / Writers)];

    // Each stores its share of the keys, all at once.
    private static async Task StoreAsync(Scene scene, List<CountingPeer> writers, UdpEndpoint victim, IReadOnlyList<NodeId> keys)
    {
        foreach (var (i, key) in keys.Index())
        {
            writers[i * writers.Count / keys.Count].Store(victim, key, Truth, scene.Random);
            await scene.PassAsync(0.01);
        }

        await scene.PassAsync(2);
    }

    private static async Task<WriteToken> AskForTokenAsync(Scene scene, TokenPeer attacker, UdpEndpoint victim)
    {
        attacker.AskForToken(victim, scene.Random);
        await scene.PassAsync(0.5);
        return attacker.Token;
    }

    private static async Task OverwriteAsync(Scene scene, TokenPeer attacker, WriteToken token, UdpEndpoint victim, IReadOnlyList<NodeId> keys)
    {
        var requests = new ForgedRequests(scene.Random);
        foreach (var key in keys)
        {
            attacker.Send(requests.Store(key, Scene.Lie, token), victim);
            await scene.PassAsync(0.001);
        }

        await scene.PassAsync(1);
    }

    // Twice as many as the bound allows, each to a value of its own.
    private static async Task SpendBoundAsync(Scene scene, TokenPeer attacker, WriteToken token, UdpEndpoint victim)
    {
        var requests = new ForgedRequests(scene.Random);
        for (var i = 0; i < 2 * new KadNodeOptions().ChangesWithoutToken; i++)
        {
            var key = NodeId.FromKey($"of the attacker {i}");
            attacker.Send(requests.Store(key, Scene.Lie, token), victim);
            attacker.Store(victim, key, DhtValue.FromInteger(scene.Random.Next(int.MaxValue)), scene.Random);
            await scene.PassAsync(0.01);
        }

        await scene.PassAsync(1);
    }

    private static Task<int> CountAsync(Scene scene, IKeyStore store, IReadOnlyList<NodeId> keys, DhtValue value) =>
        ForgeryTrial.CountAsync(scene, store, keys, held => held.Value == value);
}

/// <summary>Values of writers without tokens that an attacker took, and those that are the writers' again.</summary>
internal sealed record TakenResult(int Taken, int Returned);

/// <summary>The values that stood, in percent: over the hour, and at its end.</summary>
internal sealed record SharesResult(int WithoutTokens, int WithTokens, int WithoutTokensAtEnd, int WithTokensAtEnd);
