using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace KadOrleans.Lab;

/// <summary>An assembly with its symbols, whose instructions can be changed one at a time.</summary>
internal sealed class MutableAssembly(string path)
{
    /// <summary>All mutants of the code that was written in a folder, by method and instruction.</summary>
    /// <param name="folder">The folder, from the root of the repository.</param>
    public IReadOnlyList<Mutant> FindMutants(string folder)
    {
        using var module = ModuleDefinition.ReadModule(path, new ReaderParameters { ReadSymbols = true });
        return [.. module.GetTypes().SelectMany(type => type.Methods).SelectMany(method => MutantsOf(method, $"/{folder}/"))];
    }

    /// <summary>Writes the assembly with one instruction changed, without symbols.</summary>
    public void Write(Mutant mutant, string target)
    {
        using var module = ModuleDefinition.ReadModule(path);
        var body = ((MethodDefinition)module.LookupToken(new MetadataToken(mutant.Method))).Body;
        body.SimplifyMacros();
        mutant.Mutation.Apply(body.GetILProcessor(), body.Instructions[mutant.Index]);
        body.OptimizeMacros();
        module.Write(target);
    }

    private static IEnumerable<Mutant> MutantsOf(MethodDefinition method, string folder)
    {
        if (!method.HasBody || !method.DebugInformation.HasSequencePoints)
        {
            yield break;
        }

        // Places are known by the offsets of short forms.
        var places = method.Body.Instructions.Select(one => LastBefore(method.DebugInformation.SequencePoints, one.Offset)).ToArray();
        method.Body.SimplifyMacros();
        foreach (var (index, instruction) in method.Body.Instructions.Index())
        {
            if (places[index] is not { IsHidden: false } place)
            {
                continue;
            }

            // The root is another one where symbols hide it. What a generator wrote has no file.
            var file = place.Document.Url.Replace('\\', '/');
            var begin = file.IndexOf(folder, StringComparison.Ordinal) + 1;
            if (begin == 0 || !File.Exists(Repository.Path(file[begin..])))
            {
                continue;
            }

            foreach (var mutation in Mutation.Of(instruction))
            {
                yield return new Mutant(method.MetadataToken.ToUInt32(), index, mutation, file[begin..], place.StartLine);
            }
        }
    }

    private static SequencePoint? LastBefore(IEnumerable<SequencePoint> points, int offset) => points.LastOrDefault(point => point.Offset <= offset);
}
