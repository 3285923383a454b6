using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster sources</c>: which networks stored the most of what is held.</summary>
internal static class SourcesCommand
{
    private const string DefaultCount = "20";

    public static Command Create(CommandIo io)
    {
        var count = new Option<string?>("--count") { Description = $"How many networks by keys, and how many by bytes. [default: {DefaultCount}]", HelpName = "N" };
        return ApiCommand.Create(
            io,
            new ExampleCommand("sources", "Count what each source network stored: those with most keys or bytes.")
            {
                Examples = ["kad-cluster sources --data kad-data", "kad-cluster sources --count 100 --json --token-file operator.token"],
                Notes = "A source is an IPv4 address or an IPv6 /64. 'trusted' is what was stored here itself or by trusted nodes.",
            }.With(count),
            parsed => ApiRequest.Get("/v1/admin/usage/sources", ("count", parsed.GetValue(count) ?? DefaultCount)),
            static (printer, result) =>
            {
                var others = result["others"];
                printer.Table(
                    ["source", "keys", "bytes"],
                    [
                        .. result.List("sources").Select(source => new[] { source.Text("source"), source.Text("keys"), source.Text("bytes") }),
                        .. others.Text("keys") == "0" ? Array.Empty<string[]>() : [["others", others.Text("keys"), others.Text("bytes")]],
                        ["all", result.Text("keys"), result.Text("bytes")],
                    ]);
                printer.NoteUncounted(result);
            });
    }
}
