using System.Xml.Linq;

namespace KadOrleans.Tests.Deployment;

/// <summary>Each image starts what it was built from, as a user without rights.</summary>
public sealed class DockerfileTests
{
    [Theory]
    [InlineData("server", "KadOrleans.Server")]
    [InlineData("kad", "KadOrleans.Cli")]
    public void An_image_starts_what_it_publishes(string image, string project)
    {
        var text = Repository.Read($"infra/docker/{image}.Dockerfile");
        var file = $"src/{project}/{project}.csproj";
        var assembly = XDocument.Parse(Repository.Read(file)).Descendants("AssemblyName").FirstOrDefault()?.Value ?? project;

        // Compiled for the image's architecture on the machine that builds: the SDK does not run under an emulator. So nothing runs in the image.
        var stages = text.Split("FROM ")[1..];
        Assert.Equal(2, stages.Length);
        Assert.StartsWith("--platform=$BUILDPLATFORM ", stages[0], StringComparison.Ordinal);
        Assert.Matches(@"(?m)^ARG TARGETARCH$", stages[0]);
        Assert.DoesNotMatch(@"(?m)^RUN ", stages[1]);

        // With the version that the image's label has.
        Assert.Matches(@"(?m)^ARG VERSION$", stages[0]);
        Assert.Matches(
            $@"(?m)^RUN dotnet publish src/{project} -c Release -a \$TARGETARCH .* \\\n    \$\{{VERSION:\+-p:VersionPrefix=\$VERSION\}}", stages[0]);
        Assert.Contains($"ENTRYPOINT [\"dotnet\", \"{assembly}.dll\"]", text, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^USER 1654$", text);
        Assert.Matches("(?m)^LABEL .*org\\.opencontainers\\.image\\.version=\"\\$VERSION\"$", text);
        Assert.Matches("-noble-chiseled@sha256:", Regex.Matches(text, @"(?m)^FROM (\S+)").Last().Groups[1].Value);
        Assert.All(Regex.Matches(text, "(?m)^FROM .*$"), stage => Assert.Matches("@sha256:[0-9a-f]{64}( AS build)?$", stage.Value.TrimEnd()));
    }

    [Fact]
    public void An_image_exposes_the_pods_ports_and_runs_as_their_user()
    {
        var text = Repository.Read("infra/docker/server.Dockerfile");
        var pods = Manifests.Of("base").SiloAndEdge;
        var ports = pods.SelectMany(pod => pod.Container().Entries("ports"))
            .Select(p => p.Text("containerPort") + (p.Text("protocol") == "UDP" ? "/udp" : string.Empty));

        Assert.Equal(ports.Order(), Regex.Match(text, @"(?m)^EXPOSE (.+)$").Groups[1].Value.Split(' ').Order());
        Assert.All(pods, pod => Assert.Contains($"USER {pod.Pod().Text("securityContext.runAsUser")}\n", text, StringComparison.Ordinal));
    }

    /// <summary>Directory.Build.targets among them, which compiles executables ahead of time where they are published for a platform.</summary>
    [Fact]
    public void What_builds_need_is_in_the_context()
    {
        var ignored = Repository.Read(".dockerignore").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var copied = Directory.EnumerateFiles(Repository.Path("infra/docker"), "*.Dockerfile")
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), @"(?m)^COPY (?!--)(.+) \S+$"))
            .SelectMany(m => m.Groups[1].Value.Split(' '))
            .ToHashSet();

        Assert.Superset(Directory.EnumerateFiles(Repository.Root, "Directory.*").Select(file => Path.GetFileName(file)).ToHashSet(), copied);
        Assert.Equal("**", ignored[0]);
        Assert.Equal(copied.Select(c => $"!{c}").Order(), ignored.Where(i => i[0] == '!').Order());
    }

    [Fact]
    public void Azd_labels_images_with_the_projects_version()
    {
        var version = XDocument.Parse(Repository.Read("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;
        var labelled = Regex.Matches(Repository.Read("azure.yaml"), @"- VERSION=(\S+)").Select(m => m.Groups[1].Value);
        Assert.Equal([version, version], labelled);
    }
}
