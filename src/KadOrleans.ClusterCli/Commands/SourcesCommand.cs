using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using KadOrleans.Cli;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster sources</c>: which networks stored the most, by the keys that are held.</summary>
internal static class SourcesCommand
{
    private const int Page = 1_000;

    private const int DefaultCount = 20;

    /// <summary>The most networks that are counted apart: some 200 bytes each.</summary>
    private const int MaxSources = 1_000_000;

    /// <summary>The name under which further networks are counted together.</summary>
    private const string Others = "others";

    public static Command Create(CommandIo io)
    {
        var prefix = new Option<string?>("--prefix") { Description = "Only keys whose ids begin with these hexadecimal digits: a sample of a large store.", HelpName = "HEX" };
        var count = new Option<string?>("--count") { Description = $"How many networks are shown, 1 to {Page}. [default: {DefaultCount}]", HelpName = "N" };
        var read = 0L;
        return ApiCommand.Create(
            io,
            new ExampleCommand("sources", "Count what each source network stored, by reading all keys.")
            {
                Examples = ["kad-cluster sources --data kad-data", "kad-cluster sources --prefix 0 --count 100 --json --token-file operator.token"],
                Notes = "A source is an IPv4 address or an IPv6 /64. 'trusted' is what was stored here itself or by trusted nodes.",
            }.With(prefix, count),
            async (parsed, client, cancellationToken) =>
            {
                var most = Numbers.ParseWhole("--count", parsed.GetValue(count), 1, Page, DefaultCount);
                var sources = new Dictionary<string, Usage>();
                string? after = null;
                do
                {
                    var page = await client.SendAsync(
                        ApiRequest.Get("/v1/admin/keys", ("prefix", parsed.GetValue(prefix)), ("after", after), ("count", $"{Page}")), cancellationToken);
                    foreach (var key in page.List("keys"))
                    {
                        Add(sources, key.Text("source"), long.Parse(key.Text("bytes"), CultureInfo.InvariantCulture));
                        read++;
                    }

                    after = page.Text("next") is { Length: > 0 } next ? next : null;
                }
                while (after is not null);
                return new JsonObject
                {
                    ["keys"] = read,
                    ["networks"] = sources.Count,
                    ["sources"] = new JsonArray(
                    [
                        .. sources.OrderByDescending(source => source.Value.Bytes).ThenBy(source => source.Key, StringComparer.Ordinal).Take(most)
                            .Select(source => new JsonObject { ["source"] = source.Key, ["keys"] = source.Value.Keys, ["bytes"] = source.Value.Bytes }),
                    ]),
                };
            },
            static (printer, result) => printer.Rows(result.List("sources"), ("source", "source"), ("keys", "keys"), ("bytes", "bytes")),
            () => $"{read} keys are read…");
    }

    private static void Add(Dictionary<string, Usage> sources, string source, long bytes)
    {
        var name = sources.ContainsKey(source) || sources.Count < MaxSources ? source : Others;
        var usage = sources.GetValueOrDefault(name);
        sources[name] = new Usage(usage.Keys + 1, usage.Bytes + bytes);
    }

    private readonly record struct Usage(long Keys, long Bytes);
}
