namespace KadOrleans.Lab;

/// <summary>What each simulated attack comes to.</summary>
internal sealed class SimulatedRows(RowList rows, int seed)
{
    private static readonly AttackerSpread[] Spreads =
        [AttackerSpread.OneHost, AttackerSpread.OneSubnet, AttackerSpread.ManyNetworks];

    private static readonly int[] Rates = [0, 2_500, 5_000, 10_000, 20_000, 50_000];

    private static readonly RequestKind?[] Kinds = [RequestKind.FindNode, RequestKind.FindValue, RequestKind.Store, null];

    public IReadOnlyList<KeyValuePair<string, Action>> Tables =>
    [
        new("deception", WriteDeception),
        new("sybils", WriteSybils),
        new("publication", WritePublication),
        new("lives", WriteLives),
        new("fill", WriteFill),
        new("forgery", WriteForgery),
        new("tokenless", WriteTokenless),
        new("area", WriteArea),
        new("newcomers", WriteNewcomers),
        new("amplification", WriteAmplification),
        new("contacts", WriteContacts),
        new("tarpits", WriteTarpits),
        new("liars", WriteContactLiars),
        new("regions", WriteRegions),
    ];

    private void WriteDeception()
    {
        rows.Begin("100 gets; 100 nodes, 20 hold the value");
        foreach (var spread in Spreads)
        {
            for (var liars = 0; liars <= 8; liars++)
            {
                rows.Add($"{spread}, {liars} liars", DeceptionTrial.Run(seed, liars, spread, gets: 100));
            }
        }
    }

    private void WriteSybils()
    {
        rows.Begin("64 sybils beside a key, one of them known");
        foreach (var spread in Spreads)
        {
            rows.Add($"{spread}", SybilTrial.Run(seed, sybils: 64, spread));
        }
    }

    private void WritePublication()
    {
        rows.Begin("a publication after 27 h, of 20 copies");
        foreach (var liars in new[] { 0, 2, 8 })
        {
            rows.Add($"{liars} liars on one host", PublicationTrial.Run(seed, liars, AttackerSpread.OneHost));
        }
    }

    private void WriteLives()
    {
        rows.Begin("a life and a key belong to who set them");
        rows.Add("ten heartbeats, each stored back without its life", FreezeTrial.Run(seed, squats: false, beats: 10));
        rows.Add("ten sets with a life of a squatted key", FreezeTrial.Run(seed, squats: true, beats: 10));
        rows.Add("what a watcher is told whose node is sent a lie three times", string.Join(", ", WatchTrial.Run(seed)));
        rows.Add($"an owner's {OwnerTrial.Keys} values, and its /24's changes used up", OwnerTrial.Run(seed));
    }

    private void WriteFill()
    {
        rows.Begin($"{2 * FillTrial.Quota} STOREs at a node for {FillTrial.Quota} keys, and what honest peers get then");
        foreach (var spread in new[] { AttackerSpread.OneSubscriber, AttackerSpread.ManyNetworks })
        {
            rows.Add($"{spread}, not answering pings", FillTrial.Run(seed, spread, sources: 160, answersPings: false));
            rows.Add($"{spread}, answering pings", FillTrial.Run(seed, spread, sources: 160, answersPings: true));
        }

        rows.Add("16 networks, answering pings", FillTrial.Run(seed, AttackerSpread.ManyNetworks, sources: 16, answersPings: true));
        rows.Add("a held value after one forged STORE", OverwriteTrial.Overwrite(seed));
        rows.Add("STOREs taken of 20 after forged ones used up their address's quota", OverwriteTrial.UseUpQuota(seed));
    }

    private void WriteForgery()
    {
        rows.Begin($"{ForgeryTrial.Keys} values of {ForgeryTrial.Nodes} live nodes, after one blind host stored over them in their names");
        foreach (var changes in new[] { 1_000_000, new KadNodeOptions().ChangesWithoutToken, 0 })
        {
            rows.Add($"at most {changes} changes an hour without a token, three rounds in 50 min", ForgeryTrial.Run(seed, changes, rounds: 3));
        }

        rows.Add("what a node can do after its quotas were used up in its name, of ten each", ForgeryTrial.RunFramed(seed));
        rows.Add("values replaced by the forger's own token, and by one of the run before", ForgeryTrial.RunWithTokens(seed));
        rows.Add("in the names of nodes without tokens that had stored the keys before", ForgeryTrial.RunAsFormer(seed));
    }

    private void WriteTokenless()
    {
        rows.Begin($"{TokenlessTrial.Keys} values of nodes without tokens beside {TokenlessTrial.Keys} of nodes with tokens, and attackers that show tokens");
        foreach (var spendsBound in new[] { false, true })
        {
            rows.Add(
                $"one address stores over the former once{(spendsBound ? ", and changes its own without a token before" : "")}; their writers store again",
                TokenlessTrial.RunOnce(seed, spendsBound));
        }

        foreach (var addresses in new[] { 1, 4 })
        {
            rows.Add(
                $"for an hour {addresses} of a /24 store over both each minute; each writer stores again every ten minutes",
                TokenlessTrial.RunForAnHour(seed, addresses));
        }
    }

    private void WriteArea()
    {
        rows.Begin($"honest values left after contacts beside a node's id and junk there, of {ShrinkTrial.Near} near and {ShrinkTrial.Far} far");
        foreach (var contacts in new[] { 6, 30 })
        {
            rows.Add($"{contacts} contacts", ShrinkTrial.Run(seed, contacts));
        }
    }

    private void WriteNewcomers()
    {
        rows.Begin("newcomers that ask once in 10 s of forged requests");
        foreach (var kind in Kinds)
        {
            foreach (var rate in Rates)
            {
                rows.Add($"{kind?.ToString() ?? "mixed"}, {rate} per second", NewcomerTrial.Run(seed, kind, rate, 240, TimeSpan.FromSeconds(10)));
            }
        }
    }

    private void WriteAmplification()
    {
        rows.Begin("bytes in and out for one datagram of an unproven, silent endpoint");
        foreach (var drawn in AmplificationTrial.Run(seed))
        {
            rows.Add(drawn.Call, $"{drawn.Sent} → {drawn.Drawn} in {drawn.Datagrams}: {drawn.Ratio:0.00}");
        }

        foreach (var ports in new[] { 1, 64 })
        {
            var perSecond = AmplificationTrial.TowardsProven(seed, 4_900, TimeSpan.FromSeconds(10), ports);
            rows.Add($"towards {ports} proven ports of one address, 4900 FIND_VALUE of 8 KB per second for 10 s", $"{perSecond / 1e6:0.00} MB/s");
        }

        foreach (var isOneEndpoint in new[] { true, false })
        {
            rows.Add(
                $"60 new ids in 30 min, {(isOneEndpoint ? "one endpoint" : "hosts of one /24")}: STOREs of {HandOffTrial.Held} values handed off",
                HandOffTrial.Run(seed, isOneEndpoint));
        }
    }

    private void WriteContacts()
    {
        rows.Begin("contacts");
        foreach (var spread in Spreads)
        {
            rows.Add($"60 sybils at a full bucket of 20, {spread}", TableTrial.Run(seed, sybils: 60, spread));
        }

        rows.Add("newcomers while one host comes under 1000 new ports a second", TableTrial.RunDrained(seed, perSecond: 1_000));
        rows.Add("newcomers while 600 networks claim known ids", TableTrial.RunClaims(seed, networks: 600));
        rows.Add("datagrams to 10.9.9.9 on a contact's word, 20 lookups", RebindingTrial.Run(seed, 0x0A09_0909));
        rows.Add("datagrams to one public host on a contact's word, 20 lookups", RebindingTrial.Run(seed, 0x0809_0909));
        rows.Add("100 gets, 10 slow and 10 silent peers around the key", UnresponsiveTrial.Run(seed, slow: 10, silent: 10, gets: 100));
    }

    private void WriteTarpits()
    {
        rows.Begin("the longest get of an absent key, without and with peers that answer late");
        foreach (var (chains, length, delay) in new[] { (10, 1, 4.7), (4, 20, 4.7), (4, 80, 0.35) })
        {
            rows.Add(
                $"{chains} chains of {length} beside the key, each {delay:0.00} s late",
                TarpitTrial.Run(seed, chains, length, TimeSpan.FromSeconds(delay)));
        }

        rows.Add("one address at 600 ports, 4.70 s late", TarpitTrial.RunPoisoned(seed));
    }

    private void WriteContactLiars()
    {
        rows.Begin("liars about contacts, 500 nodes, 500 lookups");
        foreach (var share in new[] { 0.0, 0.1, 0.2, 0.3, 0.5 })
        {
            var report = new NetworkSimulation(new SimulationSettings { Nodes = 500, Lookups = 500, Liars = share, Seed = seed }).Run();
            rows.Add(
                $"{share:0%} liars",
                $"nearest found {report.Success:0.0%}; requests {report.Requests.Mean:0.0}, at most {report.Requests.Max:0}; size {report.Size?.Nodes:0.###e0}");
        }
    }

    private void WriteRegions()
    {
        rows.Begin("150 values of a region where liars sit; 120 honest nodes");
        foreach (var region in LyingRegionTrial.Tried)
        {
            rows.Add($"{region}", LyingRegionTrial.Run(seed, region));
        }
    }
}
