using KadOrleans.Cli.Commands;

namespace KadOrleans.Cli.Admin;

/// <summary><c>kad admin bans</c>: ids and address ranges that get no response and are not asked.</summary>
internal static class BanCommands
{
    private const string Path = "/v1/admin/bans";

    public static Command Create(CommandIo io) => List(io, new ExampleCommand("bans", "List, make and end bans of node ids and addresses.")
    {
        Aliases = { "ban" },
        Examples = ApiCommand.Examples("bans", "bans add 203.0.113.0/24", "bans remove 203.0.113.0/24"),
    }.With(
        List(io, new ExampleCommand("list", "List the bans in force.") { Examples = ApiCommand.Examples("bans list") }),
        Change(io, "add", "Ban a node id, an address or a range: it leaves the tables, gets no response, and is not asked.", HttpMethod.Put, "banned"),
        Change(io, "remove", "End a ban, given as the list has it.", HttpMethod.Delete, "no longer banned")));

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.List(io, command, Path, static (printer, result) =>
    {
        printer.Rows(result.List("bans"), ("ban", "ban"), ("since", "since"));
        printer.NoteMissing(result);
    });

    private static Command Change(CommandIo io, string name, string description, HttpMethod method, string outcome)
    {
        var ban = new Argument<string>("BAN") { Description = "An id of 40 hexadecimal digits, an address, or ADDRESS/LENGTH." };
        return ApiCommand.Create(
            io,
            new ExampleCommand(name, description) { Examples = ApiCommand.Examples($"bans {name} 203.0.113.0/24", $"bans {name} 2001:db8::/48") }.With(ban),
            parsed => new ApiRequest(method, Path + ApiRequest.QueryOf(("ban", parsed.GetValue(ban)))),
            (printer, result) =>
            {
                printer.Line($"{result.Text("ban")} is {outcome}.");
                printer.NoteMissing(result);
            });
    }
}
