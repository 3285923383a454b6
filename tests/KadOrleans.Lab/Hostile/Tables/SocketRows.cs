namespace KadOrleans.Lab;

/// <summary>What each attack over real sockets comes to.</summary>
internal sealed class SocketRows(RowList rows)
{
    private const int Seconds = 5;
    private const int FloodMinutes = 10;

    public async Task WriteAsync()
    {
        await WriteNewcomersAsync();
        await WriteAmplificationAsync();
        await WriteFillAsync();
        await WriteFloodAsync();
    }

    private async Task WriteNewcomersAsync()
    {
        rows.Begin($"real sockets: newcomers of 240 that got contacts in {Seconds} s of forged requests");
        foreach (var kind in new RequestKind?[] { RequestKind.FindNode, null })
        {
            foreach (var rate in new[] { 0, 2_500, 5_000, 10_000, 20_000, 50_000 })
            {
                var result = await SocketAttacks.RunAsync("flood", new() { Kind = kind, Rate = rate, Seconds = Seconds });
                rows.Add(
                    $"sockets: {kind?.ToString() ?? "mixed"}, {rate} per second",
                    $"{result["answered"]} ({result["full"]} the full list); {result["sentPerSecond"]} sent per second, {result["kernelDrops"]} dropped by the kernel, {result["cores"]} cores");
            }
        }
    }

    private async Task WriteAmplificationAsync()
    {
        rows.Begin("real sockets: bytes in and out for one datagram of an unproven, silent endpoint; ratio");
        foreach (var call in (await SocketAttacks.RunAsync("amplification"))["calls"]!.AsArray())
        {
            rows.Add($"sockets: {call!["call"]}", $"{call["in"]} → {call["out"]} in {call["datagrams"]}: {call["ratio"]}");
        }
    }

    private async Task WriteFillAsync()
    {
        rows.Begin("real sockets: 1,000,000 STOREs of tiny values from one IPv6 /60, and what an honest peer gets then");
        foreach (var answering in new[] { false, true })
        {
            // Just below what the node takes of one /48.
            var result = await SocketAttacks.RunAsync("fill", new() { Count = 1_000_000, Rate = 19_500, Answering = answering });
            rows.Add(
                $"sockets: answering pings: {answering}",
                $"{result["seconds"]} s; {result["accepted"]} accepted, {result["keysAfter"]} keys; {result["honestAccepted"]} of {result["honestSent"]} honest ones accepted; memory {result["memoryBefore"]} → {result["memoryAfter"]} MB; value after a forged STORE {result["valueAfterForgedStore"]}; {result["logLines"]} log lines");
        }
    }

    private async Task WriteFloodAsync()
    {
        rows.Begin($"real sockets: {FloodMinutes} minutes of mixed flood at 20,000 per second");
        var result = await SocketAttacks.RunAsync("flood", new() { Seconds = 60 * FloodMinutes, Newcomers = 2_000 });
        rows.Add(
            "sockets: mixed flood",
            $"{result["sent"]} sent, {result["kernelDrops"]} dropped by the kernel; memory {result["memoryBefore"]} → at most {result["memoryMost"]} MB; {result["cores"]} cores; {result["descriptorsMost"]} descriptors; {result["logLines"]} log lines; {result["answered"]} of {result["newcomers"]} newcomers answered; {result["provenAnswers"]} datagrams to a proven peer for {result["provenPings"]} pings");
    }
}
