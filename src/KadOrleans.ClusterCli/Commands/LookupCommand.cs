using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster lookup</c>: tries a lookup now, and shows each query.</summary>
internal static class LookupCommand
{
    public static Command Create(CommandIo io)
    {
        var target = new Argument<string>("TARGET") { Description = "A key, or with --digest the id itself in 40 hexadecimal digits." };
        var digest = new Option<bool>("--digest") { Description = "TARGET is an id." };
        var kind = new Option<string>("--kind")
        {
            Description = "value or node.",
            HelpName = "KIND",
            DefaultValueFactory = _ => "value",
        };
        return ApiCommand.Create(
            io,
            new ExampleCommand("lookup", "Try a lookup now, and show who was asked, who named it, and what it answered.")
            {
                Examples = ["kad-cluster lookup greeting --data kad-data", "kad-cluster lookup 356a192b7913b04c54574d18c28d46e6395428ab --digest --kind node --data kad-data"],
            }.With(target, digest, kind),
            parsed => new ApiRequest(
                HttpMethod.Post,
                "/v1/admin/lookups",
                new JsonObject
                {
                    ["target"] = parsed.GetValue(target),
                    ["kind"] = parsed.GetValue(kind),
                    ["as"] = parsed.GetValue(digest) ? "digest" : null,
                }),
            static (printer, result) =>
            {
                printer.Table(
                    ["nr", "id", "endpoint", "named by", "hops", "ms", "result", "named"],
                    [
                        .. result.List("queries").Index().Select(query => new[]
                        {
                            $"{query.Index}", query.Item.Text("id"), query.Item.Text("endpoint"), query.Item.Text("namedBy"),
                            query.Item.Text("hops"), query.Item.Text("took"), query.Item.Text("result"), query.Item.Text("named"),
                        }),
                    ]);
                printer.Note(result.Text("sentence"));
            });
    }
}
