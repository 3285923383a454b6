using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster status</c>: the node, or the live edges.</summary>
internal static class StatusCommand
{
    public static Command Create(CommandIo io) => ApiCommand.Create(
        io,
        new ExampleCommand("status", "List the node ids of the node or of the cluster's live edges.")
        {
            Examples = ["kad-cluster status --data kad-data", "kad-cluster status --url http://silo.example.org:8080 --token-file operator.token --json"],
        },
        static _ => ApiRequest.Get("/v1/status"),
        static (printer, result) => printer.Table(
            ["name", "id", "endpoint", "contacts"],
            [
                .. result.List("nodes").SelectMany(node => node.List("ids").Zip(node.List("endpoints"), (id, endpoint) => new[]
                {
                    node.Text("name"), id.ToString(), endpoint.ToString(), node.Text("contacts"),
                })),
            ]));
}

/// <summary><c>kad-cluster usage</c>: keys and bytes, of a cluster by shard.</summary>
internal static class UsageCommand
{
    public static Command Create(CommandIo io) => ApiCommand.Create(
        io,
        new ExampleCommand("usage", "Count the keys and bytes that are held, of a cluster by shard.")
        {
            Examples = ["kad-cluster usage --data kad-data", "kad-cluster usage --json --token-file operator.token"],
        },
        static _ => ApiRequest.Get("/v1/admin/usage"),
        static (printer, result) =>
        {
            printer.Table(
                ["shard", "keys", "bytes"],
                [
                    .. result.List("shards").Select(shard => new[] { shard.Text("shard"), shard.Text("keys"), shard.Text("bytes") }),
                    ["all", result.Text("keys"), result.Text("bytes")],
                ]);
            printer.NoteUncounted(result);
        });
}

/// <summary><c>kad-cluster table</c>: a routing table by bucket.</summary>
internal static class TableCommand
{
    public static Command Create(CommandIo io)
    {
        var id = new Option<string?>("--id") { Description = "The node id of the table; needed if there are several.", HelpName = "HEX" };
        return ApiCommand.Create(
            io,
            new ExampleCommand("table", "Show a routing table by bucket with its contacts.")
            {
                Examples = ["kad-cluster table --data kad-data", "kad-cluster table --id 356a192b7913b04c54574d18c28d46e6395428ab --token-file operator.token"],
            }.With(id),
            parsed => ApiRequest.Get("/v1/admin/table", ("id", parsed.GetValue(id))),
            static (printer, result) => printer.Table(
                ["depth", "bucket", "contact", "endpoint"],
                [
                    .. result.List("buckets").SelectMany(bucket => bucket.List("contacts").Select(contact => new[]
                    {
                        bucket.Text("depth"), bucket.Text("prefix"), contact.Text("id"), contact.Text("endpoint"),
                    })),
                ]));
    }
}

/// <summary><c>kad-cluster audit</c>: the last changes.</summary>
internal static class AuditCommand
{
    public static Command Create(CommandIo io)
    {
        var count = new Option<string?>("--count") { Description = "How many at most. [default: 100]", HelpName = "N" };
        var before = new Option<string?>("--before") { Description = "Only entries with lower numbers than this one.", HelpName = "NUMBER" };
        return ApiCommand.Create(
            io,
            new ExampleCommand("audit", "List the last changes that were made over HTTP, newest first.")
            {
                Examples = ["kad-cluster audit --data kad-data", "kad-cluster audit --count 10 --json --token-file operator.token"],
            }.With(count, before),
            parsed => ApiRequest.Get("/v1/admin/audit", ("count", parsed.GetValue(count)), ("before", parsed.GetValue(before))),
            static (printer, result) => printer.Rows(
                result.List("entries"), ("nr", "number"), ("time", "time"), ("who", "who"), ("action", "action"), ("target", "target"), ("done", "succeeded"), ("result", "result")));
    }
}
