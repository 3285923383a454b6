namespace KadOrleans.Lab;

/// <summary>
/// A machine as a reader of the documents has it: a fresh copy of the repository's files or an empty folder, the ports that the documents name,
/// and terminals into which commands are pasted. It is a namespace of its own for network, processes and mounts, so that nobody else has these ports, and
/// so that everything which was started in it ends with it.
/// </summary>
public sealed class ReadersMachine : IAsyncDisposable
{
    // The shell of the namespaces' first process ends with the test, whose end closes its input.
    private const string First = "mount --bind \"$1\" /etc/hosts && ip link set lo up && echo up && exec cat";

    // The names of the documents are this machine's.
    private const string Hosts = "127.0.0.1 localhost silo.example.org node.example.org\n";

    // Debian's 'sudo -u postgres' runs as the administrator of the machine's databases.
    private const string Sudo =
        """
        #!/bin/sh
        [ "$1 $2" = '-u postgres' ] || { echo "This sudo knows '-u postgres' alone." >&2; exit 1; }
        shift 2
        PGHOST=127.0.0.1 PGUSER=postgres exec "$@"
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly List<Terminal> _terminals = [];
    private readonly bool _hasClone;
    private ChildProcess? _first;
    private string _inside = string.Empty;

    private ReadersMachine(bool hasClone) => _hasClone = hasClone;

    /// <summary>Where the terminals begin: the copy of the repository, or an empty folder.</summary>
    public string Folder => _folder[_hasClone ? "kad-orleans" : "work"];

    /// <summary>Why there can be no such machine here, in a sentence; null if there can be.</summary>
    public static string? WhyNot() => Sandbox.WhyNot() ?? (Environment.IsPrivilegedProcess ? null : "Namespaces of processes need root here.");

    /// <summary>Starts one whose reader has a clone of the repository, or nothing but the SDK.</summary>
    public static Task<ReadersMachine> StartAsync(bool hasClone = true) => new ReadersMachine(hasClone).StartedAsync(machine => machine.BeginAsync());

    /// <summary>A new terminal in <see cref="Folder"/>, without a connection to other machines.</summary>
    public Terminal Open() => Open("nsenter", "--target", _inside, "--net", "--pid", "--mount");

    /// <summary>One that has the connections of this machine, to restore packages.</summary>
    public Terminal OpenOnline() => Open("nsenter", "--target", _inside, "--pid", "--mount");

    /// <summary>PostgreSQL with an administrator that needs no password, at its usual port.</summary>
    public async Task StartPostgreSqlAsync()
    {
        var data = _folder["postgresql"];
        await Open().PasteAsync(
            $"""
            install --directory --owner=postgres '{data}'
            export PATH="$(ls -d /usr/lib/postgresql/*/bin | tail -n 1):$PATH"
            runuser -u postgres -- initdb -D '{data}/data' -U postgres -A trust --no-locale -E UTF8 > '{data}.log'
            runuser -u postgres -- pg_ctl -D '{data}/data' -l '{data}/log' -w -o '-c listen_addresses=127.0.0.1 -c unix_socket_directories={data}' start > '{data}.log'
            """);
    }

    /// <summary>Makes a program that the terminals find before others.</summary>
    public void AddProgram(string name, string script)
    {
        var file = _folder[$"bin/{name}"];
        File.WriteAllText(file, script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_first is not null)
        {
            await _first.FinishAsync();
            await _first.DisposeAsync();
        }

        foreach (var terminal in _terminals)
        {
            await terminal.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task BeginAsync()
    {
        Directory.CreateDirectory(Folder);
        if (_hasClone)
        {
            Copy();
        }

        Directory.CreateDirectory(_folder["home"]);
        Directory.CreateDirectory(_folder["bin"]);
        Directory.CreateDirectory(_folder["tmp"]);
        File.WriteAllText(_folder["hosts"], Hosts);
        AddProgram("sudo", Sudo);
        if (!OperatingSystem.IsWindows())
        {
            // The database's user goes through it.
            File.SetUnixFileMode(_folder.Path, File.GetUnixFileMode(_folder.Path) | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        }

        _first = ChildProcess.Start(new ProcessStartInfo(
            "unshare", ["--net", "--pid", "--mount-proc", "--fork", "--kill-child", "sh", "-c", First, "sh", _folder["hosts"]]));
        await _first.LineAsync("up");
        _inside = File.ReadAllText($"/proc/{_first.Id}/task/{_first.Id}/children").Trim();
    }

    // What is committed and what is not yet, without what builds made.
    private void Copy()
    {
        using var list = Process.Start(new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        })!;
        foreach (var file in list.StandardOutput.ReadToEnd().Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var (from, to) = (Path.Combine(Repository.Root, file), Path.Combine(Folder, file));
            if (File.Exists(from))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(from, to);
            }
        }
    }

    private Terminal Open(params string[] enter)
    {
        // The packages that this build was restored into; those of the copy go to a folder of its own. Its compiler is shared by the
        // commands of this machine alone; analyzers see the same files in each build of the tests.
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var terminal = new Terminal(
            Folder,
            [
                .. enter, "env", $"--chdir={Folder}", "--unset=NUGET_PACKAGES", $"HOME={_folder["home"]}", $"NUGET_FALLBACK_PACKAGES={cache}",
                $"PATH={_folder["bin"]}:{_folder["home"]}/.dotnet/tools:{Environment.GetEnvironmentVariable("PATH")}", $"TMPDIR={_folder["tmp"]}", "RunAnalyzers=false", "UseSharedCompilation=true",
                "DOTNET_NOLOGO=1", "NuGetAudit=false",
            ]);
        _terminals.Add(terminal);
        return terminal;
    }
}

/// <summary>A shell in a folder, into which a person pastes.</summary>
public sealed class Terminal : IAsyncDisposable
{
    // What the shell writes after a command that failed, and after the last of what was pasted.
    private const char Failed = '\u001d', Done = '\u001e';

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);

    private readonly ChildProcess _shell;
    private readonly string _what;
    private readonly TemporaryFolder _pasted = new();
    private int _blocks;

    internal Terminal(string folder, IEnumerable<string> prefix)
    {
        string[] command = [.. prefix, "setsid", "bash", "--noprofile", "--norc"];
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = folder };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        // Each process of the tests is told to compile for a short life; what a reader starts is not.
        start.Environment.Remove("DOTNET_TieredPGO");
        start.Environment.Remove("DOTNET_EnableWriteXorExecute");
        start.Environment.Remove("DOTNET_TC_CallCountThreshold");
        _shell = ChildProcess.Start(start);
        _what = folder;
        _shell.WriteLine("exec 2>&1");
        _shell.WriteLine($"trap 'printf \"\\035%s: %s\\n\" \"$?\" \"$BASH_COMMAND\"' ERR");
    }

    /// <summary>What it wrote so far.</summary>
    public string Text => _shell.Output.Text;

    /// <summary>Runs lines one after the other, each of which must succeed, and returns what they write.</summary>
    public async Task<string> PasteAsync(string lines)
    {
        var file = _pasted[$"{_blocks++}.sh"];
        File.WriteAllText(file, lines + "\n");
        _shell.WriteLine($". '{file}' < /dev/null; printf '\\n\\036\\n'");
        var (output, failures) = (new List<string>(), new List<string>());
        await foreach (var line in ReadAsync())
        {
            if (line.StartsWith(Done))
            {
                break;
            }

            (line.StartsWith(Failed) ? failures : output).Add(line.TrimStart(Failed));
        }

        var text = string.Join('\n', output).TrimEnd();
        return failures.Count == 0
            ? text
            : throw new InvalidOperationException($"In {_what} ended with {string.Join(" and ", failures)}\n{lines}\n{text}");
    }

    /// <summary>Begins a command that goes on, and waits for a line of it that contains a text.</summary>
    public async Task ServeAsync(string command, string until)
    {
        _shell.WriteLine(command);
        await foreach (var line in ReadAsync())
        {
            if (line.Contains(until, StringComparison.Ordinal))
            {
                return;
            }

            if (line.StartsWith(Failed))
            {
                break;
            }
        }

        throw new InvalidOperationException($"'{command}' wrote no line with '{until}':\n{Text}");
    }

    /// <summary>Ctrl-C: the signal goes to each process of the terminal, the shell included.</summary>
    public async Task InterruptAsync()
    {
        using var kill = Process.Start("pkill", ["-INT", "--session", Session()]);
        await kill.WaitForExitAsync();
        await _shell.FinishAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _shell.DisposeAsync();
        _pasted.Dispose();
    }

    // The first process of a session has its number; nsenter stays outside of a namespace of processes and waits for it.
    private string Session() => File.ReadAllText($"/proc/{_shell.Id}/task/{_shell.Id}/children").Trim();

    private async IAsyncEnumerable<string> ReadAsync()
    {
        using var deadline = new CancellationTokenSource(Longest);
        while (await NextAsync(deadline.Token) is { } line)
        {
            yield return line;
        }
    }

    private async Task<string?> NextAsync(CancellationToken deadline)
    {
        try
        {
            return await _shell.Output.NextAsync(deadline);
        }
        catch (OperationCanceledException e)
        {
            throw new InvalidOperationException($"In {_what} nothing more was written within {Longest}:\n{Text}", e);
        }
    }
}
