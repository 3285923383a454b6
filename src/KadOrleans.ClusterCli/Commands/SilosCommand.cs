using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster silos</c>: the silos of a cluster, and how each of them is.</summary>
internal static class SilosCommand
{
    public static Command Create(CommandIo io) => ApiCommand.Create(
        io,
        new ExampleCommand("silos", "List the silos: which are ready or why not, their releases and clocks, and where the edge directory is.")
        {
            Aliases = { "silo" },
            Examples = ["kad-cluster silos --token-file operator.token", "kad-cluster silos --json --url http://silo.example.org:8080 --token-file operator.token"],
        },
        static _ => ApiRequest.Get("/v1/admin/silos"),
        static (printer, result) =>
        {
            var silos = result.List("silos");
            printer.Table(
                ["silo", "state", "ready", "clock", "version", "started", "last heard", "holds"],
                [
                    .. silos.Select(silo => new[]
                    {
                        silo.Text("address"), silo.Text("state"), Readiness(silo), Clock(silo), silo.Text("version"), silo.Text("startedAt"),
                        silo.Text("lastHeard"), silo.Text("hasEdgeDirectory") == "true" ? "edge directory" : string.Empty,
                    }),
                ]);
            if (silos.Count > 0 && !silos.Any(silo => silo.Text("hasEdgeDirectory") == "true"))
            {
                printer.Note("No silo that responds has the edge directory.");
            }
        });

    private static string Readiness(JsonNode silo) => (silo.Text("isReady") == "true", silo.Text("reason")) switch
    {
        (true, "") => "ready",
        (true, var reason) => $"ready: {reason}",
        (false, "") => "no",
        (false, var reason) => $"no: {reason}",
    };

    // The field says how far the cluster's time is ahead of the clock.
    private static string Clock(JsonNode silo) => silo["clockDifference"] is not JsonValue seconds ? string.Empty
        : seconds.GetValue<double>() is var difference && difference == 0 ? "0 s"
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(difference):0.000} s {(difference < 0 ? "ahead" : "behind")}");
}
