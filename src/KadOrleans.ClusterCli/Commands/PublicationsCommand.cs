using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster publications</c>: lists what is published from here, page after page.</summary>
internal static class PublicationsCommand
{
    public static Command Create(CommandIo io)
    {
        var after = PagedList.AfterOption();
        var count = PagedList.CountOption("publications");
        return ApiCommand.Create(
            io,
            new ExampleCommand("publications", "List keys that are published from here, in the order of their ids.")
            {
                Examples = ["kad-cluster publications --data kad-data", "kad-cluster publications --count 10000 --json --token-file operator.token"],
            }.With(after, count),
            (parsed, client, cancellationToken) =>
                PagedList.ReadAsync(client, "publications", parsed.GetValue(after), parsed.GetValue(count), cancellationToken),
            static (printer, result) =>
            {
                printer.Rows(result.List("publications"), ("key", "digest"), ("type", "type"), ("bytes", "bytes"), ("published", "publishedAt"));
                PagedList.NoteMore(printer, result);
            });
    }
}
