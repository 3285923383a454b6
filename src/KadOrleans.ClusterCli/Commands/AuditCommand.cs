using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

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
