using System.Globalization;
using System.Text.Json.Nodes;
using KadOrleans.Hostile.Sockets;

namespace KadOrleans.Hostile.Tables;

/// <summary>What each attack over real sockets comes to.</summary>
/// <param name="rows">Where figures go.</param>
/// <param name="kad">Path of the node's assembly without its extension; <c>kad</c> for the one of this build.</param>
/// <param name="minutes">How long the mixed flood lasts.</param>
internal sealed class SocketRows(RowList rows, string kad, double minutes)
{
    private const string Seconds = "5";

    /// <summary>Runs and writes all.</summary>
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
        foreach (var kind in new[] { "FindNode", "mixed" })
        {
            foreach (var rate in new[] { 0, 2_500, 5_000, 10_000, 20_000, 50_000 })
            {
                var result = await RunAsync("flood", "--kind", kind, "--rate", Text(rate), "--seconds", Seconds);
                rows.Add(
                    $"sockets: {kind}, {rate} per second",
                    $"{result["answered"]} ({result["full"]} the full list); {result["sentPerSecond"]} sent per second, {result["kernelDrops"]} dropped by the kernel, {result["cores"]} cores");
            }
        }
    }

    private async Task WriteAmplificationAsync()
    {
        rows.Begin("real sockets: bytes in and out for one datagram of an unproven, silent endpoint; ratio");
        foreach (var call in (await RunAsync("amplification"))["calls"]!.AsArray())
        {
            rows.Add($"sockets: {call!["call"]}", $"{call["in"]} → {call["out"]} in {call["datagrams"]}: {call["ratio"]}");
        }
    }

    private async Task WriteFillAsync()
    {
        rows.Begin("real sockets: 1,000,000 STOREs of tiny values from one IPv6 /60, and what an honest peer gets then");
        foreach (var answering in new[] { "false", "true" })
        {
            // Just below what the node takes of one /48.
            var result = await RunAsync("fill", "--count", "1000000", "--rate", "19500", "--answering", answering);
            rows.Add(
                $"sockets: answering pings: {answering}",
                $"{result["seconds"]} s; {result["accepted"]} accepted, {result["keysAfter"]} keys; {result["honestAccepted"]} of {result["honestSent"]} honest ones accepted; memory {result["memoryBefore"]} → {result["memoryAfter"]} MB; value after a forged STORE {result["valueAfterForgedStore"]}; {result["logLines"]} log lines");
        }
    }

    private async Task WriteFloodAsync()
    {
        rows.Begin($"real sockets: {Text(minutes)} minutes of mixed flood at 20,000 per second");
        var result = await RunAsync("flood", "--kind", "mixed", "--rate", "20000", "--minutes", Text(minutes), "--newcomers", "2000");
        rows.Add(
            $"sockets: mixed flood",
            $"{result["sent"]} sent, {result["kernelDrops"]} dropped by the kernel; memory {result["memoryBefore"]} → at most {result["memoryMost"]} MB; {result["cores"]} cores; {result["descriptorsMost"]} descriptors; {result["logLines"]} log lines; {result["answered"]} of {result["newcomers"]} newcomers answered; {result["provenAnswers"]} datagrams to a proven peer for {result["provenPings"]} pings");
    }

    private Task<JsonNode> RunAsync(string attack, params string[] options) =>
        SocketAttacks.RunAsync(attack, ["--kad", kad, .. options]);

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
