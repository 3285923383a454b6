using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

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
