using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster keys</c>: lists held keys by a prefix of their ids, page after page.</summary>
internal static class KeysCommand
{
    public static Command Create(CommandIo io) => Create(io, new ExampleCommand("keys", "List keys that are held, in the order of their ids.")
    {
        Examples = ["kad-cluster keys --prefix 00ff --data kad-data", "kad-cluster keys --count 10000 --json --token-file operator.token"],
    });

    /// <summary>A command that lists keys.</summary>
    public static Command Create(CommandIo io, ExampleCommand command)
    {
        var prefix = new Option<string?>("--prefix") { Description = "The first hexadecimal digits of the ids.", HelpName = "HEX" };
        var after = PagedList.AfterOption();
        var count = PagedList.CountOption("keys");
        return ApiCommand.Create(
            io,
            command.With(prefix, after, count),
            (parsed, client, cancellationToken) => PagedList.ReadAsync(
                client, "keys", parsed.GetValue(after), parsed.GetValue(count), cancellationToken, ("prefix", parsed.GetValue(prefix))),
            static (printer, result) =>
            {
                printer.Rows(result.List("keys"), ("key", "digest"), ("type", "type"), ("bytes", "bytes"), ("expires", "expiresAt"), ("source", "source"));
                PagedList.NoteMore(printer, result);
            });
    }
}
