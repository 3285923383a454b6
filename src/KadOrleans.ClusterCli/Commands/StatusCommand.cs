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
