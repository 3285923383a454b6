using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster bans</c>: ids and address ranges that get no response and are not asked.</summary>
internal static class BanCommands
{
    private const string Path = "/v1/admin/bans";

    public static Command Create(CommandIo io) => List(io, new ExampleCommand("bans", "List, make and end bans of node ids and addresses.")
    {
        Aliases = { "ban" },
        Examples =
        [
            "kad-cluster bans --data kad-data",
            "kad-cluster bans add 203.0.113.0/24 --data kad-data",
            "kad-cluster bans remove 203.0.113.0/24 --data kad-data",
        ],
    }.With(
        List(io, new ExampleCommand("list", "List the bans in force.")
        {
            Examples = ["kad-cluster bans list --data kad-data", "kad-cluster bans list --json --token-file operator.token"],
        }),
        Change(io, "add", "Ban a node id, an address or a range: it leaves the tables, gets no response, and is not asked.", HttpMethod.Put, "banned"),
        Change(io, "remove", "End a ban, given as the list has it.", HttpMethod.Delete, "no longer banned")));

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.Create(
        io,
        command,
        static _ => ApiRequest.Get(Path),
        static (printer, result) =>
        {
            printer.Rows(result.List("bans"), ("ban", "ban"), ("since", "since"));
            printer.NoteMissing(result);
        });

    private static Command Change(CommandIo io, string name, string description, HttpMethod method, string outcome)
    {
        var ban = new Argument<string>("BAN") { Description = "An id of 40 hexadecimal digits, an address, or ADDRESS/LENGTH." };
        return ApiCommand.Create(
            io,
            new ExampleCommand(name, description)
            {
                Examples = [$"kad-cluster bans {name} 203.0.113.0/24 --data kad-data", $"kad-cluster bans {name} 2001:db8::/48 --token-file operator.token"],
            }.With(ban),
            parsed => new ApiRequest(method, Path + ApiRequest.QueryOf(("ban", parsed.GetValue(ban)))),
            (printer, result) =>
            {
                printer.Line($"{result.Text("ban")} is {outcome}.");
                printer.NoteMissing(result);
            });
    }
}
