using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster table</c>: a routing table by bucket.</summary>
internal static class TableCommand
{
    public static Command Create(CommandIo io) => Create(io, new ExampleCommand("table", "Show a routing table by bucket with its contacts.")
    {
        Examples = ["kad-cluster table --data kad-data", "kad-cluster table --id 356a192b7913b04c54574d18c28d46e6395428ab --token-file operator.token"],
    });

    /// <summary>A command that shows a table.</summary>
    public static Command Create(CommandIo io, ExampleCommand command)
    {
        var id = new Option<string?>("--id") { Description = "The node id of the table; needed if there are several.", HelpName = "HEX" };
        return ApiCommand.Create(
            io,
            command.With(id),
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
