using KadOrleans.Cli.Commands;

namespace KadOrleans.Cli.Admin;

/// <summary><c>kad admin edges</c>: the names of a cluster's edges and their leases.</summary>
internal static class EdgeCommands
{
    private const string Path = "/v1/admin/edges";

    public static Command Create(CommandIo io) => List(io, new ExampleCommand("edges", "List edges with their leases, drain and resume them, rotate their ids, forget names.")
    {
        Aliases = { "edge" },
        Examples = ApiCommand.Examples("edges", "edges drain edge-3", "edges resume edge-3"),
    }.With(
        List(io, new ExampleCommand("list", "List the names of edges. A silent one was killed, or does not reach the cluster.")
        {
            Examples = ApiCommand.Examples("edges list"),
        }),
        Change(io, "drain", "End an edge's lease and give it no other: it stops answering within 10 s, and its ids stay reserved.", "drain"),
        Change(io, "resume", "End a drain.", "resume"),
        Change(io, "rotate-ids", "Give an edge other node ids, within 10 s.", "rotateIds"),
        Change(io, "forget", "Remove a name and its ids. Not of a live edge.", "forget")));

    private static Command List(CommandIo io, ExampleCommand command) => ApiCommand.List(io, command, Path, static (printer, result) => printer.Table(
        ["name", "state", "ids", "endpoint", "contacts", "epoch", "last seen"],
        [
            .. result.List("edges").Select(edge => new[]
            {
                edge.Text("name"), edge.Text("state"), $"{edge.List("ids").Count}", string.Join(' ', edge.List("endpoints").Take(1)),
                edge.Text("contacts"), edge.Text("epoch"), edge.Text("lastSeen"),
            }),
        ]));

    private static Command Change(CommandIo io, string name, string description, string action)
    {
        var edge = new Argument<string>("NAME") { Description = "The edge's name." };
        return ApiCommand.Create(
            io,
            new ExampleCommand(name, description) { Examples = ApiCommand.Examples($"edges {name} edge-3") }.With(edge),
            parsed => new ApiRequest(
                HttpMethod.Post, $"{Path}/{Uri.EscapeDataString(parsed.GetValue(edge)!)}" + ApiRequest.QueryOf(("action", action))),
            static (printer, result) => printer.Line(result.IsTrue("changed") ? "Done." : "It was so already."));
    }
}
