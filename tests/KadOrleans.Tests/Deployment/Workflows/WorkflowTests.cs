using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace KadOrleans.Tests.Deployment;

/// <summary>The workflows of .github: what they name is there, and a release has what it promises. They are not run.</summary>
public sealed partial class WorkflowTests
{
    private static readonly Dictionary<string, JsonObject> Workflows = Directory
        .EnumerateFiles(Repository.Path(".github/workflows"), "*.yml")
        .ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => Yaml.Documents(File.ReadAllText(file))[0]);

    private static JsonObject Release => Workflows["release"];

    [Fact]
    public void Each_job_has_a_machine_and_steps_of_one_kind() => Assert.All(
        Workflows.Values.SelectMany(Jobs),
        job =>
        {
            Assert.NotNull(job.Value.At("runs-on"));
            Assert.NotEmpty(job.Value.Entries("steps"));
            Assert.All(job.Value.Entries("steps"), step => Assert.NotEqual(step.At("uses") is null, step.At("run") is null));
        });

    [Fact]
    public void Each_action_has_a_version() => Assert.All(
        Steps.Select(step => step.Text("uses")).OfType<string>(), uses => Assert.Matches("^[a-z-]+/[a-z-]+@v[0-9]+$", uses));

    [Fact]
    public void Jobs_wait_for_jobs_that_there_are() => Assert.All(Workflows.Values, workflow => Assert.Subset(
        Jobs(workflow).Select(job => job.Key).ToHashSet(),
        Jobs(workflow).SelectMany(job => job.Value.Entries("needs")).Select(need => need.GetValue<string>()).ToHashSet()));

    [Fact]
    public void What_commands_name_is_there()
    {
        var named = Steps.Select(step => step.Text("run")).OfType<string>()
            .SelectMany(run => Named().Matches(run)).Select(match => match.Value).Distinct().ToList();

        Assert.Contains("./test.sh", named);
        Assert.All(named, path => Assert.True(File.Exists(Repository.Path(path)), path));
    }

    [Fact]
    public void A_release_tests_packs_starts_the_tool_and_sums_up()
    {
        var runs = string.Join('\n', Steps.Select(step => step.Text("run")));
        Assert.All(
            new[] { "./test.sh --all", "dotnet pack", "dotnet tool install KadOrleans.Tool", "sha256sum", "gh release create" },
            command => Assert.Contains(command, runs, StringComparison.Ordinal));
        Assert.Contains(Steps, step => step.Text("uses")?.StartsWith("anchore/sbom-action@", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void A_release_builds_each_image_for_two_architectures_with_its_bill_of_materials()
    {
        var images = Jobs(Release).Single(job => job.Key == "images").Value;
        Assert.Equal(
            Directory.EnumerateFiles(Repository.Path("infra/docker"), "*.Dockerfile").Select(file => Path.GetFileName(file).Split('.')[0]).Order(),
            images.Entries("strategy.matrix.file").Select(file => file.GetValue<string>()).Order());
        Assert.Equal(["kad", "kad-server"], images.Entries("strategy.matrix.include").Select(image => image.Text("image")).Order());

        var build = images.Entries("steps").Single(step => step.Text("uses")?.StartsWith("docker/build-push-action@", StringComparison.Ordinal) == true);
        Assert.Equal("linux/amd64,linux/arm64", build.Text("with.platforms"));
        Assert.Equal("true", build.Text("with.sbom"));
    }

    private static IEnumerable<JsonNode> Steps => Workflows.Values.SelectMany(Jobs).SelectMany(job => job.Value.Entries("steps"));

    private static IEnumerable<(string Key, JsonNode Value)> Jobs(JsonObject workflow) =>
        workflow.At("jobs")!.AsObject().Select(job => (job.Key, job.Value!));

    [GeneratedRegex(@"\./[\w.-]+\.sh|[\w.-]+\.sln\b")]
    private static partial Regex Named();
}
