using Mono.Cecil;
using Mono.Cecil.Cil;

namespace KadOrleans.Lab;

/// <summary>A change of one instruction, in a method whose short forms were made long ones.</summary>
/// <param name="Name">What it does, as a reader of the source would say it.</param>
/// <param name="Apply">Changes the instruction in place.</param>
internal sealed record Mutation(string Name, Action<ILProcessor, Instruction> Apply)
{
    private static readonly Dictionary<Code, (string Name, OpCode Other)[]> Replacements = new()
    {
        [Code.Brtrue] = [("condition reversed", OpCodes.Brfalse)],
        [Code.Brfalse] = [("condition reversed", OpCodes.Brtrue)],
        [Code.Beq] = [("== to !=", OpCodes.Bne_Un)],
        [Code.Bne_Un] = [("!= to ==", OpCodes.Beq)],
        [Code.Blt] = [("edge of <", OpCodes.Ble), ("condition reversed", OpCodes.Bge)],
        [Code.Ble] = [("edge of <=", OpCodes.Blt), ("condition reversed", OpCodes.Bgt)],
        [Code.Bgt] = [("edge of >", OpCodes.Bge), ("condition reversed", OpCodes.Ble)],
        [Code.Bge] = [("edge of >=", OpCodes.Bgt), ("condition reversed", OpCodes.Blt)],
        [Code.Blt_Un] = [("edge of <", OpCodes.Ble_Un), ("condition reversed", OpCodes.Bge_Un)],
        [Code.Ble_Un] = [("edge of <=", OpCodes.Blt_Un), ("condition reversed", OpCodes.Bgt_Un)],
        [Code.Bgt_Un] = [("edge of >", OpCodes.Bge_Un), ("condition reversed", OpCodes.Ble_Un)],
        [Code.Bge_Un] = [("edge of >=", OpCodes.Bgt_Un), ("condition reversed", OpCodes.Blt_Un)],
        [Code.Add] = [("+ to -", OpCodes.Sub)],
        [Code.Sub] = [("- to +", OpCodes.Add)],
        [Code.Mul] = [("* to +", OpCodes.Add)],
        [Code.Div] = [("/ to *", OpCodes.Mul)],
        [Code.Rem] = [("% to *", OpCodes.Mul)],
        [Code.And] = [("& to |", OpCodes.Or)],
        [Code.Or] = [("| to &", OpCodes.And)],
        [Code.Xor] = [("^ to &", OpCodes.And)],
        [Code.Shl] = [("<< to >>", OpCodes.Shr)],
        [Code.Shr] = [(">> to <<", OpCodes.Shl)],
        [Code.Shr_Un] = [(">> to <<", OpCodes.Shl)],
    };

    // A comparison whose result is a value has no opposite: the result is compared with 0.
    private static readonly Dictionary<Code, OpCode> Comparisons = new()
    {
        [Code.Clt] = OpCodes.Cgt,
        [Code.Cgt] = OpCodes.Clt,
        [Code.Clt_Un] = OpCodes.Cgt_Un,
        [Code.Cgt_Un] = OpCodes.Clt_Un,
    };

    /// <summary>All changes of an instruction that somebody could have written; none for what the compiler makes of its own.</summary>
    public static IEnumerable<Mutation> Of(Instruction instruction)
    {
        var code = instruction.OpCode.Code;
        if (Replacements.TryGetValue(code, out var others))
        {
            return IsOfCompiler(instruction.Previous) ? [] : others.Select(other => new Mutation(other.Name, (_, one) => one.OpCode = other.Other));
        }

        return code switch
        {
            Code.Ceq when !IsNegation(instruction) => [new("== to !=", Negate)],
            Code.Clt or Code.Cgt or Code.Clt_Un or Code.Cgt_Un when instruction.Previous?.OpCode.Code != Code.Ldnull =>
            [
                new("comparison reversed", Negate),
                new("edge of comparison", (il, one) =>
                {
                    one.OpCode = Comparisons[code];
                    Negate(il, one);
                }),
            ],
            Code.Cgt_Un => [new("comparison with null reversed", Negate)],
            Code.Ldc_I4 when !IsOfCompiler(instruction) && !IsNegation(instruction.Next) && !IsHintOfLength(instruction.Next) =>
                [new($"{instruction.Operand} to {Other((int)instruction.Operand)}", (_, one) => one.Operand = Other((int)one.Operand))],
            Code.Ldc_I8 => [new($"{instruction.Operand} to {(long)instruction.Operand + 1}", (_, one) => one.Operand = (long)one.Operand + 1)],
            Code.Ldc_R8 => [new($"{instruction.Operand} to {((double)instruction.Operand * 2) + 1}", (_, one) => one.Operand = ((double)one.Operand * 2) + 1)],
            Code.Call or Code.Callvirt when IsStatement(instruction) => [new($"call of {((MethodReference)instruction.Operand).Name} left out", LeaveOut)],
            _ => [],
        };
    }

    // Of a comparison before it, which is mutated itself.
    private static bool IsNegation(Instruction? instruction) =>
        instruction is { OpCode.Code: Code.Ceq, Previous: { OpCode.Code: Code.Ldc_I4, Operand: 0, Previous.OpCode.Code: var before } }
        && (before == Code.Ceq || Comparisons.ContainsKey(before));

    // How long an interpolated string may get, and how many parts it has.
    private static bool IsHintOfLength(Instruction? next)
    {
        var call = next?.OpCode.Code == Code.Ldc_I4 ? next.Next : next;
        return call?.Operand is MethodReference { Name: ".ctor", DeclaringType.Name: "DefaultInterpolatedStringHandler" };
    }

    // 0 and 1 are false and true, too.
    private static int Other(int constant) => constant == 1 ? 0 : unchecked(constant + 1);

    private static void Negate(ILProcessor il, Instruction comparison)
    {
        il.InsertAfter(comparison, il.Create(OpCodes.Ceq));
        il.InsertAfter(comparison, il.Create(OpCodes.Ldc_I4, 0));
    }

    private static void LeaveOut(ILProcessor il, Instruction call)
    {
        var method = (MethodReference)call.Operand;
        var arguments = method.Parameters.Count + (method.HasThis ? 1 : 0);
        for (var i = 1; i < arguments; i++)
        {
            il.InsertAfter(call, il.Create(OpCodes.Pop));
        }

        (call.OpCode, call.Operand) = (arguments == 0 ? OpCodes.Nop : OpCodes.Pop, null);
    }

    // Checks of arguments for null, the release of what is disposed of, and what async methods are made of, are no decisions.
    private static bool IsStatement(Instruction call) =>
        call.Operand is MethodReference { ReturnType.MetadataType: MetadataType.Void } method
        && call.Previous?.OpCode.Code != Code.Constrained
        && method.Name is not (".ctor" or "Dispose" or "Exit" or "ThrowIfNull")
        && method.DeclaringType.Namespace != "System.Runtime.CompilerServices";

    // Whether an await has ended, cached delegates, and the states of iterators and async methods.
    private static bool IsOfCompiler(Instruction? instruction) => instruction?.Operand switch
    {
        MethodReference method => method.Name == "get_IsCompleted",
        FieldReference field => field.Name.StartsWith('<'),
        _ => instruction?.OpCode.Code == Code.Dup
            || (instruction?.OpCode.Code == Code.Ldc_I4 && instruction.Next?.Operand is FieldReference { Name: ['<', ..] }),
    };
}
