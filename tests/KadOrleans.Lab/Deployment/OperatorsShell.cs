namespace KadOrleans.Lab;

/// <summary>
/// A shell in which documented commands run as they are pasted. Its <c>kad</c> is this build's. Its <c>kubectl</c> keeps namespaces and
/// Secrets in a folder, and a copy of the folder for each <c>rollout restart</c>, and does nothing else; port-forward is the address that
/// <c>http</c> stands for.
/// </summary>
public sealed class OperatorsShell : TemporaryFolder
{
    /// <summary>What the documents forward a silo's port to.</summary>
    public const string Forwarded = "127.0.0.1:8080";

    private const string Kubectl =
        """
        #!/bin/sh
        set -eu
        space=default output= words= sources= dry=
        while [ $# -gt 0 ]; do
          case $1 in
            -n|--namespace) space=$2; shift ;;
            -o|--output) output=$2; shift ;;
            --context) shift ;;
            --dry-run=client) dry=1 ;;
            --from-*) sources="$sources $1" ;;
            *) words="$words $1" ;;
          esac
          shift
        done
        set -- $words
        place=$SECRETS/$space
        case "$1 $2" in
          'create namespace') mkdir "$SECRETS/$3" ;;
          'get namespace') [ -d "$SECRETS/$3" ] ;;
          'get secret')
            [ -d "$place/$3" ]
            case $output in
              name) echo "secret/$3" ;;
              *) key=$(printf %s "${output#'jsonpath={.data.'}" | tr -d '\\}'); base64 -w 0 <"$place/$3/$key" ;;
            esac ;;
          'create secret')
            [ "$dry" ] || [ ! -e "$place/$4" ] || { echo "secrets \"$4\" already exists" >&2; exit 1; }
            rm -rf "$place/$4"
            mkdir "$place/$4"
            for source in $sources; do
              case $source in
                --from-env-file=*) while IFS= read -r line; do printf %s "${line#*=}" >"$place/$4/${line%%=*}"; done <"${source#*=}" ;;
                --from-literal=*) pair=${source#--from-literal=}; printf %s "${pair#*=}" >"$place/$4/${pair%%=*}" ;;
                --from-file=*=*) file=${source#--from-file=}; cp "${file#*=}" "$place/$4/${file%%=*}" ;;
                --from-file=*) file=${source#--from-file=}; cp "$file" "$place/$4/$(basename "$file")" ;;
              esac
            done ;;
          'apply -f'|'replace -f') cat >/dev/null ;;
          'rollout restart') roll=$SECRETS/../rolls/$(ls "$SECRETS/../rolls" | wc -l)-$space; cp -r "$SECRETS" "$roll" ;;
          'rollout status') ;;
          *) echo "This kubectl does not know '$*'." >&2; exit 1 ;;
        esac
        """;

    public OperatorsShell()
    {
        Directory.CreateDirectory(this["bin"]);
        Directory.CreateDirectory(this["secrets"]);
        Directory.CreateDirectory(this["rolls"]);
        AddProgram("kubectl", Kubectl);
        AddProgram("kad", $"""
            #!/bin/sh
            exec dotnet '{System.IO.Path.Combine(AppContext.BaseDirectory, "kad.dll")}' "$@"
            """);
    }

    /// <summary>The only block of commands of a document that has a line which begins with a command.</summary>
    public static string Block(string document, string command) => string.Join('\n', Snippet.Of(document, "sh")
        .Single(block => block.Lines.Any(line => line.Trim().StartsWith(command, StringComparison.Ordinal))).Lines);

    /// <summary>Runs lines, which must succeed, and returns what they write. Forwarded ports are at an address of this machine.</summary>
    public string Run(string lines, string http = Forwarded)
    {
        var url = $"http://{http}";
        return Lab.Kubectl.Run(
            "env",
            string.Empty,
            "-C",
            Path,
            $"PATH={this["bin"]}:{Environment.GetEnvironmentVariable("PATH")}",
            $"SECRETS={this["secrets"]}",
            $"KAD_URL={url}",
            "bash",
            "-euo",
            "pipefail",
            "-c",
            lines.Replace($"http://{Forwarded}", url, StringComparison.Ordinal));
    }

    /// <summary>A Secret's key, as it was made; null if it was not.</summary>
    public string? Secret(string space, string name, string key) => Read("secrets", space, name, key);

    /// <summary>The namespaces whose pods were replaced, one entry for each time, in the order of time.</summary>
    public IReadOnlyList<string> Rolls => [.. RollFolders.Select(roll => roll.Split('-', 2)[1])];

    /// <summary>A Secret's key as it was when pods were replaced for the n-th time, from 0; null if it was not there.</summary>
    public string? SecretAtRoll(int roll, string space, string name, string key) => Read($"rolls/{RollFolders[roll]}", space, name, key);

    private IReadOnlyList<string> RollFolders =>
        [.. Directory.EnumerateDirectories(this["rolls"]).Select(folder => System.IO.Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    private string? Read(string folder, string space, string name, string key)
    {
        var file = this[$"{folder}/{space}/{name}/{key}"];
        return File.Exists(file) ? File.ReadAllText(file) : null;
    }

    private void AddProgram(string name, string text)
    {
        var file = this[$"bin/{name}"];
        File.WriteAllText(file, text + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
