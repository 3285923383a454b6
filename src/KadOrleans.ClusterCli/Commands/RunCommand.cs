using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster run</c>: begins work now that is done at intervals otherwise.</summary>
internal static class RunCommand
{
    public static Command Create(CommandIo io)
    {
        var work = new Argument<string>("WORK") { Description = "refresh (all buckets), walk (a random one) or republish (what is due)." };
        return ApiCommand.Create(
            io,
            new ExampleCommand("run", "Begin work now that is done at intervals otherwise.")
            {
                Examples = ["kad-cluster run refresh --data kad-data", "kad-cluster run republish --token-file operator.token"],
            }.With(work),
            parsed => new ApiRequest(HttpMethod.Post, "/v1/admin/run" + ApiRequest.QueryOf(("work", parsed.GetValue(work)))),
            static (printer, result) => printer.Line($"Begun by {result.Text("begun")}; see the log or the metrics for its end."));
    }
}
