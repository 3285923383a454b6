using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Commands;
using KadOrleans.Cli.Output;
using KadOrleans.ClusterCli.Clients;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster contact</c>: what tables know of a contact, and its end there.</summary>
internal static class ContactCommands
{
    private const string Path = "/v1/admin/contacts/";

    public static Command Create(CommandIo io) => TableCommand.Create(io, new ExampleCommand("contact", "Show the contacts of a routing table; look at one of them, or drop it.")
    {
        Aliases = { "contacts" },
        Examples =
        [
            "kad-cluster contact --data kad-data",
            "kad-cluster contact show 356a192b7913b04c54574d18c28d46e6395428ab --data kad-data",
            "kad-cluster contact drop 356a192b7913b04c54574d18c28d46e6395428ab --data kad-data",
        ],
    }.With(
        Command(io, "show", "Show what each routing table knows of a contact.", HttpMethod.Get, static (printer, result) => printer.Rows(
            result.List("contacts"),
            ("table", "table"), ("endpoint", "endpoint"), ("waits", "isReplacement"), ("first seen", "firstSeen"), ("last seen", "lastSeen"), ("failures", "failures"))),
        Command(io, "drop", "Drop a contact from all routing tables. It comes back when it is heard of again.", HttpMethod.Delete, static (printer, result) =>
            printer.Line($"It left {result.Count("tables", "table")}."))));

    private static Command Command(
        CommandIo io, string name, string description, HttpMethod method, Action<ResultPrinter, JsonObject> print)
    {
        var id = new Argument<string>("ID") { Description = "The contact's node id: 40 hexadecimal digits." };
        return ApiCommand.Create(
            io,
            new ExampleCommand(name, description)
            {
                Examples =
                [
                    $"kad-cluster contact {name} 356a192b7913b04c54574d18c28d46e6395428ab --data kad-data",
                    $"kad-cluster contact {name} 356a192b7913b04c54574d18c28d46e6395428ab --token-file operator.token --json",
                ],
            }.With(id),
            parsed => new ApiRequest(method, Path + Keys.ParseId("ID", parsed.GetValue(id)!)),
            print);
    }
}
