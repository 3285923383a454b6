namespace KadOrleans.Cluster.Tests.Pasted;

/// <summary>What the documents tell a reader to run: where, what goes on until Ctrl-C, and what no test of this machine can run.</summary>
internal static class PastedDocuments
{
    /// <summary>Those whose commands begin in a clone.</summary>
    public static readonly string[] OfClone = ["README.md", "samples/README.md", "docs/performance.md", "docs/scale.md", "tests/KadOrleans.Lab/README.md"];

    /// <summary>Those that have <c>kad</c> in the path, and a node or a cluster that they start themselves or name.</summary>
    public static readonly string[] OfKad = ["docs/http.md", "docs/console.md", "src/KadOrleans.Cli/README.md", "docs/manage.md", "docs/maintenance.md", "docs/signed.md"];

    private static readonly (string Part, string Reason)[] Elsewhere =
    [
        ("docker ", "needs Docker and a registry of images"),
        ("…", "has places for values of the reader's"),
        ("ACCOUNT", "has places for values of the reader's"),
        ("tar --", "is for a silo that is stopped; BackupTests runs it"),
        ("./test.sh", "is what runs this test"),
        ("kubectl ", "needs a Kubernetes cluster; DeployedTokensTests runs what concerns Secrets"),
        ("azd ", "needs an account of Azure"),
        ("useradd ", "makes a user of the operating system"),
        ("systemctl ", "needs systemd"),
        ("/var/lib/kad", "needs a folder of the operating system"),
        ("--ca-file ", "needs a server with a certificate"),
        ("samples/AppHost", "needs Aspire, whose tests start it"),
        ("dotnet new kad-", "needs a feed with the packages; TemplateTests makes one"),
        ("--python", "needs Python's kademlia and an edge under load"),
        ("kad-lab.dll faults ", "takes up to an hour; tests of the long tier inject the same faults"),
        ("kad admin status --token-file operator.token", "follows the forwarding of a port of Kubernetes"),
        ("UseDevelopmentStorage", "is a setting for the process that follows"),
    ];

    /// <summary>Why a line is not run, in a sentence; null if it is.</summary>
    public static string? NotRun(string line) => Elsewhere
        .Where(elsewhere => line.Contains(elsewhere.Part, StringComparison.Ordinal))
        .Select(elsewhere => elsewhere.Reason)
        .FirstOrDefault();

    /// <summary>What a command that goes on writes once it is ready; null for one that ends.</summary>
    public static string? GoesOn(string line) => line.StartsWith("kad watch ", StringComparison.Ordinal) ? "hello" : Serves(line);

    /// <summary>The same of a command that is a node or a cluster.</summary>
    public static string? Serves(string line) => line switch
    {
        _ when line.StartsWith("dotnet build ", StringComparison.Ordinal) => null,
        _ when line.Contains("src/KadOrleans.Server", StringComparison.Ordinal) && line.Contains("Kad:Silo:Port", StringComparison.Ordinal) => "health http",
        _ when line.Contains("src/KadOrleans.Server", StringComparison.Ordinal) => "listening udp",
        _ when line.Contains("samples/Guestbook.Host", StringComparison.Ordinal) => "Now listening on",
        _ when line.StartsWith("kad node ", StringComparison.Ordinal) || line.Contains("KadOrleans.Cli -- node ", StringComparison.Ordinal) => "listening udp",
        _ => null,
    };
}

/// <summary>Terminals on a reader's machine: one for commands that end, and one more for each that goes on.</summary>
internal sealed class Reader(ReadersMachine machine)
{
    private readonly Terminal _own = machine.Open();
    private readonly List<Terminal> _served = [];

    /// <summary>What the commands wrote.</summary>
    public string Text => _own.Text;

    /// <summary>
    /// Runs a block line by line. If one of its commands goes on, each has a terminal of its own, with the block's exports: the reader's own
    /// stays as it is for what follows.
    /// </summary>
    public async Task PasteAsync(Snippet block, Terminal? other = null)
    {
        var exports = string.Join('\n', block.Lines.Where(line => line.StartsWith("export ", StringComparison.Ordinal)));
        if (!block.Lines.Any(line => PastedDocuments.GoesOn(line) is not null))
        {
            if (block.Lines.All(line => PastedDocuments.NotRun(line) is null))
            {
                await (other ?? _own).PasteAsync(string.Join('\n', block.Lines));
                return;
            }
        }

        if (block.Lines[0].StartsWith('('))
        {
            // It is one command, of which a part is not run.
            return;
        }

        foreach (var line in block.Lines.Where(line => PastedDocuments.NotRun(line) is null && !line.StartsWith("export ", StringComparison.Ordinal)))
        {
            var terminal = machine.Open();
            await terminal.PasteAsync(exports);
            if (PastedDocuments.GoesOn(line) is { } until)
            {
                _served.Add(terminal);
                await terminal.ServeAsync(line, until);
            }
            else
            {
                await terminal.PasteAsync(line);
            }
        }
    }

    /// <summary>Begins a command in a terminal of its own.</summary>
    public async Task ServeAsync(string line, string until)
    {
        var terminal = machine.Open();
        _served.Add(terminal);
        await terminal.ServeAsync(line, until);
    }

    public Task PasteAsync(string line) => _own.PasteAsync(line);

    /// <summary>Ctrl-C in each terminal with a command that goes on.</summary>
    public async Task InterruptAsync()
    {
        await Task.WhenAll(_served.Select(terminal => terminal.InterruptAsync()));
        _served.Clear();
    }
}
