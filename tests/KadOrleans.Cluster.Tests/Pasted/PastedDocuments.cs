namespace KadOrleans.Cluster.Tests.Pasted;

/// <summary>What the documents tell a reader to run: where, what goes on until Ctrl-C, and what no test of this machine can run.</summary>
internal static class PastedDocuments
{
    private const string Contributing = "CONTRIBUTING.md";

    /// <summary>Those whose commands begin in an empty folder, with the packages of a release.</summary>
    public static readonly string[] OfRelease = ["README.md", "docs/tutorials/python.md", "docs/tutorials/silo.md", "docs/tutorials/cluster.md"];

    /// <summary>Those whose commands begin in a clone.</summary>
    public static readonly string[] OfClone =
        [Contributing, "samples/README.md", "docs/performance.md", "docs/scale.md", "tests/KadOrleans.Lab/README.md"];

    /// <summary>Those that have <c>kad</c> in the path, and a node or a cluster that they start themselves or name.</summary>
    public static readonly string[] OfKad = ["docs/http.md", "docs/console.md", "src/KadOrleans.Cli/README.md", "docs/manage.md", "docs/maintenance.md", "docs/signed.md"];

    private static readonly string[] Packages = ["dotnet add ", "dotnet new ", "dotnet pack ", "dotnet tool install "];

    private static readonly (string Part, string Reason)[] Elsewhere =
    [
        ("docker ", "needs Docker and a registry of images"),
        ("…", "has places for values of the reader's"),
        ("ACCOUNT", "has places for values of the reader's"),
        ("tar --", "is for a silo that is stopped; BackupTests runs it"),
        ("./test.sh", "is what runs this test"),
        ("kubectl ", "needs a Kubernetes cluster; DeployedTokensTests runs what concerns Secrets"),
        ("overlay=infra/kubernetes/", "fills an overlay in for a cluster; TutorialTests of Deployment runs it"),
        ("PASSWORD '$password'", "makes users of a database with certificates; TutorialTests of Deployment runs it"),
        ("azd ", "needs an account of Azure"),
        ("useradd ", "makes a user of the operating system"),
        ("systemctl ", "needs systemd"),
        ("/var/lib/kad", "needs a folder of the operating system"),
        ("cd /etc/kad", "needs a folder of the operating system"),
        ("--ca-file ", "needs a server with a certificate"),
        ("samples/AppHost", "needs Aspire, whose tests start it"),
        ("AppHost package KadOrleans.Aspire.Hosting", "needs Aspire and a feed with the packages; PackageTests of Aspire makes one"),
        ("--project AppHost", "needs Aspire and a program of the reader's"),
        ("dotnet new kad-", "needs a feed with the packages; TemplateTests makes one"),
        ("--python", "needs Python's kademlia and an edge under load"),
        ("kad-lab.dll faults ", "takes up to an hour; tests of the long tier inject the same faults"),
        ("kad admin status --token-file operator.token", "follows the forwarding of a port of Kubernetes"),
        ("UseDevelopmentStorage", "is a setting for the process that follows"),
        .. Machine.KademliaPython.Length == 0 ? ((string, string)[])[("colour", Machine.Missing(Need.Kademlia)!)] : [],
    ];

    /// <summary>The blocks of a document that a reader pastes: commands and programs. Of CONTRIBUTING those of its first section.</summary>
    public static IEnumerable<Snippet> BlocksOf(string document)
    {
        var end = document == Contributing ? Array.IndexOf(Repository.Read(document).Split('\n'), "## The inner loop") : int.MaxValue;
        return Snippet.Of(document, "sh", "csharp", "python").Where(block => block.Line <= end);
    }

    /// <summary>Whether a block gets packages, which other machines have.</summary>
    public static bool GetsPackages(Snippet block) => block.Lines.Any(line => Packages.Any(start => line.StartsWith(start, StringComparison.Ordinal)));

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
        _ when line.StartsWith("kad-server Kad:", StringComparison.Ordinal) && line.Contains("Kad:Silo:Port", StringComparison.Ordinal) => "health http",
        _ when line.StartsWith("kad-server Kad:", StringComparison.Ordinal) => "listening udp",
        _ when line.Contains("src/KadOrleans.Server", StringComparison.Ordinal) => "listening udp",
        _ when line.Contains("--project hello-silo", StringComparison.Ordinal) => "listening udp",
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
    /// stays as it is for what follows. A node or a cluster takes the place of those before. A program goes into its file, and is built.
    /// </summary>
    public async Task PasteAsync(Snippet block, Terminal? online = null)
    {
        var text = string.Join('\n', block.Lines);
        if (block.Lines[0].StartsWith("# ", StringComparison.Ordinal) && block.Lines[0].EndsWith(".py", StringComparison.Ordinal))
        {
            await File.WriteAllTextAsync(Path.Combine(machine.Folder, block.Lines[0][2..]), text);
            return;
        }

        if (block.Lines[0].StartsWith("using ", StringComparison.Ordinal))
        {
            // It is for the program that was begun last, in the folder or beside it.
            var folder = new DirectoryInfo(machine.Folder);
            var program = folder.GetDirectories("hello-*").Concat(folder.Parent!.GetDirectories("hello-*")).MaxBy(one => one.CreationTimeUtc)!;
            await File.WriteAllTextAsync(Path.Combine(program.FullName, "Program.cs"), text);
            await (online ?? _own).PasteAsync($"dotnet build '{program}' --verbosity quiet");
            return;
        }

        if (block.Lines.Any(line => PastedDocuments.Serves(line) is not null))
        {
            // "Stop it with Ctrl-C."
            await InterruptAsync();
        }

        var exports = string.Join('\n', block.Lines.Where(line => line.StartsWith("export ", StringComparison.Ordinal)));
        if (!block.Lines.Any(line => PastedDocuments.GoesOn(line) is not null) && block.Lines.All(line => PastedDocuments.NotRun(line) is null))
        {
            await (online is not null && PastedDocuments.GetsPackages(block) ? online : _own).PasteAsync(text);
            return;
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
