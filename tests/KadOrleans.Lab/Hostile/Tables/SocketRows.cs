namespace KadOrleans.Lab;

/// <summary>What each attack over real sockets comes to.</summary>
internal sealed class SocketRows(RowList rows)
{
    private const int Seconds = 5;
    private const int FloodMinutes = 10;

    public async Task WriteAsync()
    {
        rows.Begin($"real sockets: newcomers of 240 that got contacts in {Seconds} s of forged requests");
        foreach (var kind in new RequestKind?[] { RequestKind.FindNode, null })
        {
            foreach (var rate in new[] { 0, 2_500, 5_000, 10_000, 20_000, 50_000 })
            {
                await AddAsync($"{kind?.ToString() ?? "mixed"}, {rate} per second", "flood", new() { Kind = kind, Rate = rate, Seconds = Seconds });
            }
        }

        rows.Begin("real sockets: bytes in and out for one datagram of an unproven, silent endpoint; ratio");
        foreach (var call in (await SocketAttacks.RunAsync("amplification"))["calls"]!.AsArray())
        {
            rows.Add($"sockets: {call!["call"]}", $"{call["in"]} → {call["out"]} in {call["datagrams"]}: {call["ratio"]}");
        }

        rows.Begin("real sockets: 1,000,000 STOREs of tiny values from one IPv6 /60, and what an honest peer gets then");
        foreach (var answering in new[] { false, true })
        {
            // Just below what the node takes of one /48.
            await AddAsync($"answering pings: {answering}", "fill", new() { Count = 1_000_000, Rate = 19_500, Answering = answering });
        }

        rows.Begin("real sockets: 4,500 STOREs per second from one /24 for 30 s, and an honest peer's gets meanwhile");
        foreach (var colliding in new[] { false, true })
        {
            await AddAsync($"colliding keys: {colliding}", "collision", new() { Rate = 4_500, Seconds = 30, Colliding = colliding });
        }

        rows.Begin($"real sockets: {FloodMinutes} minutes of mixed flood at 20,000 per second");
        await AddAsync("mixed flood", "flood", new() { Seconds = 60 * FloodMinutes, Newcomers = 2_000 });
    }

    private async Task AddAsync(string name, string attack, SocketAttackOptions options)
    {
        var result = (await SocketAttacks.RunAsync(attack, options)).AsObject();
        rows.Add($"sockets: {name}", string.Join("; ", result.Select(figure => $"{figure.Key} {figure.Value}")));
    }
}
